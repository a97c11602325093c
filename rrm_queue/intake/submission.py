"""A submission: the file read in a stream and copied into the store in one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import BinaryIO, Protocol

from rrm_queue.domain import JobId, JobState, Tournament, TournamentId
from rrm_queue.errors import MOST_PROBLEMS, BadInput, Problem
from rrm_queue.intake.byte_limit import UNLIMITED
from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.intake.needs import NO_NEEDS, Needs
from rrm_queue.intake.reader import RowReader, Source, read
from rrm_queue.intake.short_turns import short_turns
from rrm_queue.intake.submission_key import SubmissionKey
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.key_checks import keys_checked_by_index
from rrm_queue.store.queue import submission
from rrm_queue.store.queue.submission import KnownJob, NewJob

SLICE_CHARACTERS = 2_000_000
"""Text that is sent to the store at once; twice as much bounds the memory of a submission."""

SLICE_TOURNAMENTS = 1000
"""Tournaments that are sent at once, however short they are."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission put into the store; `new` is False when an earlier job answers for it.

    `read_as` describes its files, `dropped` counts the empty answers that were left out.
    """

    job: JobId
    tournaments: int
    candidates: int
    new: bool = True
    state: JobState = JobState.QUEUED
    read_as: str = ""
    dropped: int = 0


class Gate(Protocol):
    """Sees a submission on its way into the store, and may stop it."""

    def see(self, tournaments: Sequence[Tournament]) -> None:
        """Sees some of its tournaments."""

    def pass_through(self) -> None:
        """Called last, before the commit; an exception leaves the store unchanged."""


class _MadeBefore(Exception):
    """Undoes the transaction of a submission that was made before."""

    def __init__(self, known: KnownJob) -> None:
        self.known = known
        super().__init__(known.id)


def submit(
    database: Database,
    sources: BinaryIO | Sequence[Source],
    job: NewJob,
    *,
    needs: Needs = NO_NEEDS,
    anew: bool = False,
    format: str | None = None,  # noqa: A002  # the option's name
    mapping: Mapping[str, str] | None = None,
    empty: Empty = Empty.REFUSE,
    labels: LabelNumbers = LabelNumbers.NONE,
    ids: Ids = Ids.GIVEN,
    max_bytes: int = UNLIMITED,
    gate: Gate | None = None,
) -> Submitted:
    """Reads the files and copies job, tournaments and candidates into the store.

    The same tournaments with the same options are the same submission: nothing is stored, and the
    job of the first time is the answer, unless `anew`. Raises BadInput naming up to
    MOST_PROBLEMS bad lines, InputTooLarge when the files unpack to more than `max_bytes`, and
    whatever `gate` raises, with nothing in the store.
    """
    reader = read(
        sources,
        needs=needs,
        format=format,
        mapping=mapping,
        empty=empty,
        labels=labels,
        ids=ids,
        max_bytes=max_bytes,
    )
    try:
        with database.begin() as tx:
            submitted = _copy(tx, reader, job, anew=anew, gate=gate)
    except _MadeBefore as made:
        known = made.known
        submitted = Submitted(known.id, known.tournaments, known.candidates, False, known.state)
    return replace(submitted, read_as=reader.description, dropped=reader.dropped)


def _copy(
    tx: Transaction,
    reader: RowReader,
    job: NewJob,
    *,
    anew: bool,
    gate: Gate | None,
) -> Submitted:
    job_id, submission_key, problems = JobId(job.id), SubmissionKey(job), list[Problem]()
    tournaments = candidates = 0
    submission.insert_job(tx, job)
    with keys_checked_by_index(tx), short_turns(), _Sender(tx, job_id, job.seed) as sender:
        for part in slices(good(reader, problems)):
            sender.send(part)
            submission_key.add(part)
            if gate is not None:
                gate.see(part)
            tournaments += len(part)
            candidates += sum(len(tournament.candidates) for tournament in part)
    repeats = submission.repeated_keys(tx, job_id, MOST_PROBLEMS)
    problems += [
        reader.repeat(one.key, one.place, one.line, one.first_place, one.first_line)
        for one in repeats
    ]
    if problems:
        raise BadInput(job.source, sorted(problems, key=_spot)[:MOST_PROBLEMS])
    key = None if anew else submission_key.digest()
    if key is not None and (known := submission.find_submission(tx, key)):
        raise _MadeBefore(known)
    if gate is not None:
        gate.pass_through()
    submission.set_totals(tx, job_id, tournaments, candidates, key)
    return Submitted(job_id, tournaments, candidates)


class _Sender:
    """Sends one slice while the next is read and formed: server and reader work at the same time.

    At most one slice is on its way. Until the block ends only the sender uses the transaction.
    """

    def __init__(self, tx: Transaction, job: JobId, seed: int) -> None:
        self._tx, self._job, self._seed = tx, job, seed
        self._thread = ThreadPoolExecutor(1)
        self._ids: Future[list[TournamentId]] | None = None
        self._last: Future[None] | None = None

    def __enter__(self) -> "_Sender":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._thread.shutdown()
        if self._last is not None and kind is None:
            self._last.result()

    def send(self, part: Sequence[Tournament]) -> None:
        """Sends a slice, once the one before it has arrived; raises what became of that one."""
        if self._ids is None:
            ids = submission.reserve_ids(self._tx, len(part))
        else:
            ids = self._ids.result()[: len(part)]
        rows = submission.form_rows(ids, self._job, self._seed, part)
        if self._last is not None:
            self._last.result()
        # First the ids of the next slice, which is formed while this one is on its way.
        self._ids = self._thread.submit(submission.reserve_ids, self._tx, SLICE_TOURNAMENTS)
        self._last = self._thread.submit(submission.copy_rows, self._tx, rows)


def good(
    read_lines: Iterable[Tournament | Problem], problems: list[Problem]
) -> Iterator[Tournament]:
    """The tournaments among what was read; the problems are added to `problems`."""
    for item in read_lines:
        if isinstance(item, Problem):
            problems.append(item)
        else:
            yield item


def slices(tournaments: Iterable[Tournament]) -> Iterator[list[Tournament]]:
    """The tournaments in parts that are sent to the store at once."""
    part: list[Tournament] = []
    characters = 0
    for tournament in tournaments:
        part.append(tournament)
        characters += len(tournament.prompt) + sum([len(c.text) for c in tournament.candidates])
        if characters > SLICE_CHARACTERS or len(part) == SLICE_TOURNAMENTS:
            yield part
            part, characters = [], 0
    if part:
        yield part


def _spot(problem: Problem) -> tuple[str, int]:
    return problem.source or "", problem.line or 0
