"""The server is killed under people who judge: each vote is counted once, and none is lost."""

import random
import signal
import subprocess
import time
from collections import Counter
from functools import partial
from threading import Thread
from typing import Any

import httpx2
import pytest
from kit.command import Rrmq
from kit.people import job_for_people, larger, votes_of
from kit.waiting import PATIENCE, eventually

from rrm_queue.domain import JobState
from rrm_queue.store.database import Database
from rrm_queue.store.views.jobs import view_job

TOKEN = "token-of-people-0123456789"  # noqa: S105  # a test's own
KILLS = 2
PEOPLE = ("Ada", "Bo", "Cem")


class Address:
    """Where the newest server is; people ask there until they get an answer."""

    def __init__(self) -> None:
        self.url = ""

    def post(self, path: str, **request: Any) -> httpx2.Response:
        """An answer of a server, whichever gives one: the same request is sent again and again."""
        until = time.monotonic() + 2 * PATIENCE
        headers = {"Authorization": f"Bearer {TOKEN}"}
        while True:
            try:
                return httpx2.post(f"{self.url}{path}", headers=headers, timeout=30, **request)
            except httpx2.TransportError:
                assert time.monotonic() < until
                time.sleep(0.02)


def judge(address: Address, job: str, name: str) -> None:
    """Votes until the job has ended."""
    while True:
        turn = address.post(f"v1/jobs/{job}/judging", params={"as": name}).json()
        if turn["state"] == "succeeded":
            return
        if (match := turn["match"]) is None:
            time.sleep(0.02)
            continue
        vote = {"lease": match["lease"], "verdict": larger(match)}
        assert address.post("v1/judging/vote", json=vote).status_code == 200


def _has_votes(database: Database, job: str, enough: int) -> bool:
    return len(votes_of(database, job)) >= enough


@pytest.mark.slow
def test_each_vote_is_counted_once_however_often_the_server_is_killed(
    rrmq_there: Rrmq, database: Database, ended: list[subprocess.Popen[bytes]]
) -> None:
    rrmq_there.environment["RRMQ_API_TOKENS"] = TOKEN
    job = job_for_people(database, [8, 8], votes=3, strategy="elo")
    address, chance = Address(), random.Random(7)

    def serve() -> subprocess.Popen[bytes]:
        server = rrmq_there.start("serve", "--port", "0")
        ended.append(server)
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith(b"rrmq serves at "):
                address.url = line.decode().split()[-1]
                # A server whose log nobody reads would wait for the pipe.
                Thread(target=server.stdout.read, daemon=True).start()
                return server
        raise AssertionError("the server has ended")

    server = serve()
    people = [Thread(target=judge, args=(address, job, name)) for name in PEOPLE]
    for person in people:
        person.start()
    for _ in range(KILLS):
        enough = len(votes_of(database, job)) + chance.randint(5, 30)
        eventually(partial(_has_votes, database, job, enough), f"{enough} votes are cast")
        server.send_signal(signal.SIGKILL)
        server = serve()
    for person in people:
        person.join(PATIENCE)
        assert not person.is_alive()
    cast = votes_of(database, job)
    with database.begin() as tx:
        view = view_job(tx, job)
    assert (view.state, view.matches_done, view.votes) == (JobState.SUCCEEDED, 56, 168)
    assert Counter(person for *_, person, _ in cast) == dict.fromkeys(PEOPLE, 56)
    assert len({(match, person) for match, _, person, _ in cast}) == len(cast) == 168
