"""Ranking a few answers from Python."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from rrm_queue.actions.rewards.joining import Joined
from rrm_queue.actions.rewards.ranking import (
    ONE_TEXT,
    STRATEGY,
    RankingShape,
    prepare_ranking,
    ranking_shape,
)
from rrm_queue.actions.settings import read_settings, reveal
from rrm_queue.api.app import shared_app, shared_rewards
from rrm_queue.api.group_rewards import wait_for, waiting_threads
from rrm_queue.api.job import Job
from rrm_queue.api.submitting import Row
from rrm_queue.errors import JobFailed, UsageFault
from rrm_queue.reward_client import PATIENCE, RewardClient, run

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
    strategy: str = STRATEGY,
    timeout: float | None = None,
    **options: Any,
) -> Ranking:
    """Ranks the candidates from the best to the worst; waits until the judge has decided.

    Every pair is judged, unless another `strategy` is given. Further options are those of `submit`,
    except those of a file. Calls with the same options share one open job, which `rrmq list` shows
    with `--all`. The same call again returns the same ranking. With RRMQ_SERVER_URL the server
    there is asked, else the store; the job is the server's then.
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
    strategy: str = STRATEGY,
    timeout: float | None = None,
    **options: Any,
) -> list[Ranking]:
    """Ranks the candidates of many prompts, as `rank` does; each row has those of one prompt.

    All are judged at the same time. Raises what `rank` raises, for the first row that fails.
    """
    if unfit := options.keys() & NOT_FOR_ROWS:
        raise UsageFault(f"{', '.join(sorted(unfit))}: only for a file or a job of its own")
    given = [_listed(row) for row in rows]
    asked = {"judge": judge, "strategy": strategy, **options}
    settings = read_settings()
    if settings.server_url:
        patience = PATIENCE if timeout is None else timeout
        client = RewardClient(settings.server_url, reveal(settings.server_token), patience=patience)
        shapes = run(_asked(client, given, asked))
        return [_ranking(*one) for one in zip(shapes, given, strict=True)]
    service = shared_rewards()
    prepared = [prepare_ranking(service, row, asked) for row in given]
    joined = [one.result() for one in [service.join(*one) for one in prepared]]
    return [
        _ranking(_shape(one, timeout), row, new=one.new)
        for one, row in zip(joined, given, strict=True)
    ]


async def rank_async(prompt: str, candidates: Iterable[str | Row], **given: Any) -> Ranking:
    """`rank` for an event loop: any number of calls may be waited for at the same time."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(waiting_threads(), lambda: rank(prompt, candidates, **given))


async def rank_many_async(rows: Iterable[Row], **given: Any) -> list[Ranking]:
    """`rank_many` for an event loop."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(waiting_threads(), lambda: rank_many(rows, **given))


def _listed(row: Row) -> dict[str, Any]:
    """The row with a list of candidates. Raises UsageFault for a bare text in their place."""
    candidates = row.get("candidates")
    if isinstance(candidates, str | bytes):
        raise UsageFault(ONE_TEXT)
    return {**row, "candidates": list(candidates or ())}


async def _asked(
    client: RewardClient, rows: Sequence[Row], options: Mapping[str, Any]
) -> list[RankingShape]:
    """The server's rankings of all rows, asked for at the same time."""
    answers = await asyncio.gather(*(client.rank({**options, **row}) for row in rows))
    return cast("list[RankingShape]", answers)


def _shape(joined: Joined, timeout: float | None) -> RankingShape:
    """The ranking of a tournament of the store, once it is judged."""
    judged = wait_for(joined.judged, joined.key, timeout)
    return ranking_shape(shared_app(), joined.job, joined.key, judged.error)


def _ranking(shape: RankingShape, row: Row, *, new: bool = False) -> Ranking:
    """The ranking with its texts. Raises JobFailed where there is none."""
    if shape["error"] is not None:
        raise JobFailed(f"{shape['job']}: {shape['error']}")
    standings = (Ranked(text=_text(row, line["number"]), **line) for line in shape["standings"])
    return Ranking(Job(shape["job"], new), tuple(standings))


def _text(row: Row, number: int) -> str:
    answer = row["candidates"][number]
    return answer if isinstance(answer, str) else str(answer["text"])
