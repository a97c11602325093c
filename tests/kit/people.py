"""People who judge, for tests: jobs for them, and scripted people who call the server."""

from dataclasses import dataclass
from secrets import token_hex
from typing import Any

import httpx2

from kit.jobs import lines, submit_file
from rrm_queue.domain import JobId
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

HUMAN = {"judge": {"kind": "human"}, "queue": "rrmq.judge.human"}
"""The options of a job that people judge."""


def job_for_people(
    database: Database, sizes: list[int], *, votes: int = 1, file: bytes | None = None, **more: Any
) -> JobId:
    """A job whose matches get `votes` votes each, all of them cast."""
    voting = {"votes": votes, "stop": "never"} if votes > 1 else {}
    options = {**HUMAN, "voting": voting, "id": token_hex(6), "reference": False, **more}
    return submit_file(database, lines(sizes) if file is None else file, anew=True, **options)


@dataclass
class Person:
    """A scripted person, who finds the larger number better unless told otherwise."""

    name: str
    client: httpx2.Client

    def take(self, job: str) -> dict[str, Any]:
        """What the person is given next."""
        answer = self.client.post(f"/v1/jobs/{job}/judging", params={"as": self.name})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def say(self, what: str, lease: str, **fields: str) -> httpx2.Response:
        """A vote, a skip or a return of a lease."""
        return self.client.post(f"/v1/judging/{what}", json={"lease": lease, **fields})

    def vote(self, match: dict[str, Any], verdict: str | None = None) -> httpx2.Response:
        """Votes on a match."""
        return self.say("vote", match["lease"], verdict=verdict or larger(match))

    def judge_all(self, job: str) -> int:
        """Votes until nothing is left for this person; how often."""
        cast = 0
        while match := self.take(job)["match"]:
            assert self.vote(match).status_code == 200
            cast += 1
        return cast


def larger(match: dict[str, Any]) -> str:
    """Which of the two answers has the larger number."""
    one, two = (int(match[side].split()[-1].rstrip(".")) for side in ("one", "two"))
    return "first" if one > two else "second"


def votes_of(database: Database, job: str) -> list[tuple[Any, ...]]:
    """Match, number, person and verdict of each vote of the job."""
    with database.begin() as tx:
        rows = tx.execute(
            text(
                "SELECT m.id, v.number, v.person, v.verdict FROM matches m"
                " JOIN votes v ON v.match_id = m.id WHERE m.job_id = :job ORDER BY 1, 2"
            ),
            {"job": job},
        )
        return [tuple(row) for row in rows]
