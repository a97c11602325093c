"""An audit: people judge a seeded sample of the matches that another judge has decided."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from rrm_queue.actions import options
from rrm_queue.actions.app import App
from rrm_queue.actions.people import page_of
from rrm_queue.actions.request import Request, SubmitOptions, request_of
from rrm_queue.actions.submit import submit
from rrm_queue.domain import CandidateNumber, JobId, Label, LabelledPair, Tournament
from rrm_queue.errors import Conflict, Message, Option, UsageFault
from rrm_queue.intake.reader import Source
from rrm_queue.intake.rows import stream_of
from rrm_queue.intake.submission import Submitted
from rrm_queue.judging.kinds import kind_of
from rrm_queue.store.views.jobs import find_job, view_job
from rrm_queue.store.views.sampling import count_pairs, sampled_tournaments

SHARE = "5%"
"""The share of a job's matches that is audited, unless told otherwise."""

MOST = 100_000
"""The most matches of an audit: people judge them."""


class Audit(NamedTuple):
    """The job for people; it has `matches` of the `decided` matches of the job `of`.

    `page` is the path where people judge. `warning` says why the coordinator could not be told.
    """

    submitted: Submitted
    of: JobId
    matches: int
    decided: int
    page: str
    warning: str | None


def audit(
    app: App,
    job: str,
    share: str | float = SHARE,
    *,
    votes: int = options.VOTES.default,
    seed: int = options.SEED.default,
    name: str | None = None,
    new: bool = False,
) -> Audit:
    """Makes a job for people of a sample of the job's decided matches.

    The same job, share and seed give the same matches, and the same audit is the same job unless
    `new`. Raises JobNotFound, UsageFault for options that cannot be, and Conflict for a job that
    people judge and for one of which nothing is decided.
    """
    wanted = _share(share)
    with app.begin() as tx:
        view = view_job(tx, find_job(tx, job))
        decided = count_pairs(tx, view.id)
    if kind_of(view.judge).by_people:
        raise Conflict(f"job {view.id} is judged by people already")
    if not decided:
        raise Conflict(f"nothing of job {view.id} is decided by its judge yet")
    matches = max(1, math.ceil(round(wanted * decided, 6)))
    if matches > MOST:
        raise UsageFault(Message(Option("share"), f" makes {matches:,} matches; at most {MOST:,}"))
    request = _request(votes, seed, name or f"audit of {view.name or view.id}", new=new)
    with app.begin() as tx:
        drawn = sampled_tournaments(tx, view.id, seed=seed, most=matches)
        source = Source(f"audit of {view.id}", stream_of(_rows(drawn)))
        submitted, warning = submit(app, [source], request)
    return Audit(submitted, view.id, matches, decided, page_of(submitted.job), warning)


def _share(share: str | float) -> float:
    """The share as a number above 0 and at most 1, from `5%` or `0.05`. Raises UsageFault."""
    word = str(share).strip()
    try:
        value = float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        limits = f" is a share such as 5% or 0.05, above 0 and at most 100%, not {word!r}"
        raise UsageFault(Message(Option("share"), limits))
    return value


def _request(votes: int, seed: int, name: str, *, new: bool) -> Request:
    given = SubmitOptions(
        strategy="pairs",
        judge="human",
        votes=votes,
        seed=seed,
        name=name,
        new=new,
        format="rrmq",
        empty="keep",
    )
    return request_of(given, "")


def _rows(tournaments: Iterator[Tournament]) -> Iterator[dict[str, Any]]:
    """The tournaments as lines of rrmq's own format."""
    for one in tournaments:
        row: dict[str, Any] = {
            "id": one.key,
            "prompt": one.prompt,
            "candidates": [
                {"id": c.key, "text": c.text, "generator": c.generator, "gold": c.gold}
                for c in one.candidates
            ],
            "pairs": [_pair(one, pair) for pair in one.pairs],
            "reference": one.reference,
            "criteria": one.criteria,
            "subset": one.subset,
        }
        yield {name: value for name, value in row.items() if value is not None}


def _pair(tournament: Tournament, pair: LabelledPair) -> dict[str, str]:
    def key(number: CandidateNumber) -> str:
        return tournament.candidates[number].key

    ends = {"first": key(pair.first), "second": key(pair.second)}
    match pair.label:
        case None:
            return ends
        case Label.TIE:
            return ends | {"label": "tie"}
        case Label.FIRST | Label.SECOND:
            return ends | {"label": ends[pair.label]}
