"""Ranking a few answers from Python."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rrm_queue.api.job import Job
from rrm_queue.api.submitting import Row, submit
from rrm_queue.errors import JobFailed, UsageFault
from rrm_queue.views.tournaments import TournamentResult


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its rank; `number` is its index among the candidates given, from 0."""

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
    """The candidates from the best to the worst, and the job that ranked them."""

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
    """Ranks the candidates from the best to the worst; waits until the judge has decided.

    Every pair is judged, unless another `strategy` is given. Further options are those of `submit`,
    except those of a file. The same call again returns the ranking of the first job.
    Raises BadInput, StillRunning after `timeout` seconds, and JobFailed when the job ends without a
    ranking.
    """
    if unfit := options.keys() & {"format", "mapping", "empty", "labels", "ids"}:
        raise UsageFault(f"{', '.join(sorted(unfit))}: only for a file, not for one prompt")
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
