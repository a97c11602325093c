"""A submission: the file read in a stream and copied into the store in one transaction."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from rrm_queue.domain import JobId, Tournament
from rrm_queue.errors import BadInput, Problem
from rrm_queue.intake.reader import MOST_PROBLEMS, read
from rrm_queue.store import submission
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.tables import Job

SLICE_CHARACTERS = 4_000_000
"""Text held at once on its way into the store: what bounds the memory of a submission."""

SLICE_TOURNAMENTS = 1000
"""Tournaments held at once, however short they are."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission put into the store."""

    job: JobId
    tournaments: int
    candidates: int


def submit(database: Database, stream: BinaryIO, job: Job, *, needs_reference: bool) -> Submitted:
    """Reads the file and copies job, tournaments and candidates into the store.

    Raises BadInput naming up to MOST_PROBLEMS bad lines, with nothing in the store.
    """
    problems: list[Problem] = []
    tournaments = candidates = 0
    with database.begin() as tx:
        submission.insert_job(tx, job)
        good = _good(read(stream, needs_reference=needs_reference), problems)
        for part in _slices(good):
            submission.copy_tournaments(tx, JobId(job.id), job.seed, part)
            tournaments += len(part)
            candidates += sum(len(tournament.candidates) for tournament in part)
        problems += _repeats(tx, JobId(job.id))
        if problems:
            raise BadInput(job.source, sorted(problems, key=_line)[:MOST_PROBLEMS])
        submission.set_totals(tx, JobId(job.id), tournaments, candidates)
    return Submitted(JobId(job.id), tournaments, candidates)


def _good(
    read_lines: Iterable[Tournament | Problem], problems: list[Problem]
) -> Iterator[Tournament]:
    for item in read_lines:
        if isinstance(item, Problem):
            problems.append(item)
        else:
            yield item


def _slices(tournaments: Iterable[Tournament]) -> Iterator[list[Tournament]]:
    part: list[Tournament] = []
    characters = 0
    for tournament in tournaments:
        part.append(tournament)
        characters += len(tournament.prompt) + sum(len(c.text) for c in tournament.candidates)
        if characters > SLICE_CHARACTERS or len(part) == SLICE_TOURNAMENTS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def _repeats(tx: Transaction, job: JobId) -> list[Problem]:
    return [
        Problem(f"the id '{repeat.key}' is line {repeat.first_line}'s already", repeat.line)
        for repeat in submission.repeated_keys(tx, job, MOST_PROBLEMS)
    ]


def _line(problem: Problem) -> int:
    return problem.line or 0
