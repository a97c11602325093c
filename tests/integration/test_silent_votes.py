"""Votes without a verdict of a server that is mended: asked for again, never used again."""

import asyncio

import pytest
from aiohttp import web
from kit.endpoint_jobs import play_at_endpoint
from kit.endpoints import completion, endpoint
from kit.jobs import lines, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.domain import JobId, JobState
from rrm_queue.store.database import Database
from rrm_queue.store.queue.silence import AskedAgain, ask_silent_again
from rrm_queue.store.views.jobs import view_job
from rrm_queue.strategies import named
from rrm_queue.views.jobs import JobView

SIZES = [6, 4]
FULL = {"elo": 21, "knockout": 8, "double-elimination": 18}


class Server:
    """A real server that answers without a verdict until it is mended."""

    def __init__(self) -> None:
        self.mended, self.asked = False, 0

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        return completion("</think>\\boxed{Assistant 1}" if self.mended else "")


def view(database: Database, job: JobId) -> JobView:
    with database.begin() as tx:
        return view_job(tx, job)


def ask_again(database: Database, job: JobId) -> AskedAgain:
    with database.begin() as tx:
        strategy = view_job(tx, job).strategy
        return ask_silent_again(tx, job, looks_back=named(strategy).looks_back)


def submitted(database: Database, base_url: str, strategy: str, name: str) -> JobId:
    judge = {"kind": "openai", "argument": "m", "base_url": base_url}
    return submit_file(
        database,
        lines(SIZES),
        reference=False,
        judge=judge,
        strategy=strategy,
        voting={"resamples": 0},
        id=name,
        anew=True,
    )


@pytest.mark.parametrize("strategy", ["elo", "knockout"])
def test_retry_asks_a_mended_server_for_every_silent_vote(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    async def run() -> None:
        server = Server()
        async with endpoint(server.answer) as base_url:
            job = submitted(database, base_url, strategy, "first")
            await play_at_endpoint(database, broker)
            silent = view(database, job)
            assert (silent.state, silent.votes) == (JobState.SUCCEEDED, FULL[strategy])
            server.mended, server.asked = True, 0
            assert ask_again(database, job) == AskedAgain(FULL[strategy], 0)
            assert view(database, job).state is JobState.RUNNING
            await play_at_endpoint(database, broker)
        ended = view(database, job)
        assert server.asked == FULL[strategy]
        assert (ended.state, ended.votes, ended.matches_done, ended.tournaments_done) == (
            JobState.SUCCEEDED,
            FULL[strategy],
            FULL[strategy],
            len(SIZES),
        )
        assert ask_again(database, job) == AskedAgain(0, 0)

    asyncio.run(run())


@pytest.mark.parametrize("strategy", ["elo", "knockout"])
def test_a_new_job_uses_no_silent_vote(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    async def run() -> None:
        server = Server()
        async with endpoint(server.answer) as base_url:
            submitted(database, base_url, strategy, "first")
            await play_at_endpoint(database, broker)
            server.mended, server.asked = True, 0
            second = submitted(database, base_url, strategy, "second")
            await play_at_endpoint(database, broker)
            assert (server.asked, view(database, second).votes_reused) == (FULL[strategy], 0)
            third = submitted(database, base_url, strategy, "third")
            await play_at_endpoint(database, broker)
        assert server.asked == FULL[strategy], "what was said is used again"
        assert view(database, third).votes_reused == FULL[strategy]

    asyncio.run(run())


def test_a_verdict_that_is_paid_for_stays_where_a_later_match_rests_on_it(
    database: Database, broker: BrokerClient
) -> None:
    class Waking(Server):
        async def answer(self, request: web.Request) -> web.Response:
            self.mended = self.asked >= 3
            return await super().answer(request)

    async def run() -> None:
        server = Waking()
        async with endpoint(server.answer) as base_url:
            job = submitted(database, base_url, "double-elimination", "first")
            await play_at_endpoint(database, broker)
            before = view(database, job)
            again = ask_again(database, job)
            assert again.kept >= 1
            assert view(database, job).votes == before.votes - again.votes

    asyncio.run(run())
