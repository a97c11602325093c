"""Ranking a few answers from Python."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rrm_queue.actions.rewards.asked import fitting, ranked_group
from rrm_queue.actions.rewards.joining import Joined
from rrm_queue.api.app import shared_rewards
from rrm_queue.api.group_rewards import wait_for, waiting_threads
from rrm_queue.api.job import Job, results
from rrm_queue.api.submitting import Row
from rrm_queue.domain.queues import ONLINE_PRIORITY
from rrm_queue.errors import JobFailed, UsageFault
from rrm_queue.views.tournaments import TournamentResult

NOT_FOR_ROWS = frozenset({"format", "mapping", "empty", "labels", "ids", "name", "new"})
"""Options of `submit` for files, and for jobs of their own."""


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
    judge: str | Sequence[str] = "reference",
    reference: str | None = None,
    strategy: str = "elo",
    timeout: float | None = None,
    **options: Any,
) -> Ranking:
    """Ranks the candidates from the best to the worst; waits until the judge has decided.

    Every pair is judged, unless another `strategy` is given. Further options are those of `submit`,
    except those of a file. Calls with the same options share one open job, which `rrmq list` shows
    with `--all`. The same call again returns the same ranking.
    Raises BadInput, StillRunning after `timeout` seconds, JobHeld when the judge is paused, and
    JobFailed when there is no ranking.
    """
    row = {"prompt": prompt, "candidates": candidates, "reference": reference}
    [ranking] = rank_many([row], judge=judge, strategy=strategy, timeout=timeout, **options)
    return ranking


def rank_many(
    rows: Iterable[Row],
    *,
    judge: str | Sequence[str] = "reference",
    strategy: str = "elo",
    timeout: float | None = None,
    **options: Any,
) -> list[Ranking]:
    """Ranks the candidates of many prompts, as `rank` does; each row has those of one prompt.

    All are judged at the same time. Raises what `rank` raises, for the first row that fails.
    """
    if unfit := options.keys() & NOT_FOR_ROWS:
        raise UsageFault(f"{', '.join(sorted(unfit))}: only for a file or a job of its own")
    service = shared_rewards()
    given = [_listed(row) for row in rows]
    groups = [ranked_group(row) for row in given]
    asked = {"judge": judge, "strategy": strategy, "priority": ONLINE_PRIORITY, **options}
    job = service.own_job(asked, 0)
    fitted = [fitting(job.needs, group) for group in groups]
    joined = [one.result() for one in [service.join(group, job) for group in fitted]]
    return [_ranking(one, row, timeout) for one, row in zip(joined, given, strict=True)]


async def rank_async(prompt: str, candidates: Iterable[str | Row], **given: Any) -> Ranking:
    """`rank` for an event loop: any number of calls may be waited for at the same time."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(waiting_threads(), lambda: rank(prompt, candidates, **given))


def _listed(row: Row) -> dict[str, Any]:
    """The row with a list of candidates. Raises UsageFault for a bare text in their place."""
    candidates = row.get("candidates")
    if isinstance(candidates, str | bytes):
        raise UsageFault("candidates is one text: give a list of answers")
    return {**row, "candidates": list(candidates or ())}


def _ranking(joined: Joined, row: Row, timeout: float | None) -> Ranking:
    """The ranking of a tournament, once it is judged."""
    judged = wait_for(joined.judged, joined.key, timeout)
    [result] = results(joined.job, joined.key)
    if not result.standings:
        raise JobFailed(f"{joined.job}: {judged.error or 'no reason'}")
    return Ranking(Job(joined.job, joined.new), tuple(_ranked(result, row["candidates"])))


def _ranked(result: TournamentResult, given: list[str | Row]) -> Iterator[Ranked]:
    for line in result.standings:
        one = line.standing
        answer = given[one.candidate]
        text = answer if isinstance(answer, str) else str(answer["text"])
        yield Ranked(
            one.rank, one.candidate, line.key, text,
            one.wins, one.losses, one.draws, one.elo, one.bt,
        )  # fmt: skip
