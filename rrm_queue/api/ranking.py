"""Ranking a few answers from Python."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rrm_queue.api.job import Job
from rrm_queue.api.submitting import Row, submit
from rrm_queue.errors import JobFailed, UsageFault
from rrm_queue.views import TournamentResult


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate's place; `number` is where it stood among those given, from 0."""

    rank: int
    number: int
    id: str
    text: str
    wins: int
    losses: int
    draws: int
    elo: float
    bt: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates from the best to the worst, and the job that found it."""

    job: Job
    standings: tuple[Ranked, ...]

    @property
    def best(self) -> str:
        """The best answer's text."""
        return self.standings[0].text


def rank(
    prompt: str,
    candidates: Iterable[str | Row],
    *,
    judge: str = "reference",
    reference: str | None = None,
    strategy: str = "elo",
    timeout: float | None = None,
    **options: Any,
) -> Ranking:
    """The candidates from the best to the worst, as the judge sees them; waits for it.

    Every pair meets, unless another `strategy` is asked for; other options are those of `submit`
    that are not about a file. Asked the same again, it answers with the job that has found it.
    Raises BadInput, StillRunning after `timeout` seconds, and JobFailed when there is no ranking in
    the end.
    """
    if unfit := options.keys() & {"format", "mapping", "empty"}:
        raise UsageFault(f"{', '.join(sorted(unfit))}: a file's options, not one prompt's")
    given = list(candidates)
    row: dict[str, Any] = {"prompt": prompt, "candidates": given}
    if reference is not None:
        row["reference"] = reference
    job = submit([row], judge=judge, strategy=strategy, **options)
    ended = job.wait(timeout)
    [result] = job.results()
    if not result.standings:
        raise JobFailed(f"{job.id} is {ended.state}: {result.error or ended.note or 'no reason'}")
    return Ranking(job, tuple(_ranked(result, given)))


def _ranked(result: TournamentResult, given: list[str | Row]) -> Iterator[Ranked]:
    for line in result.standings:
        one = line.standing
        answer = given[one.candidate]
        text = answer if isinstance(answer, str) else str(answer["text"])
        yield Ranked(
            one.rank, one.candidate, line.key, text,
            one.wins, one.losses, one.draws, one.elo, one.bt,
        )  # fmt: skip
