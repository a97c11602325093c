"""`adaptive` whose coordinator and worker are killed: the same matches follow as without."""

import json
import signal
import subprocess
from functools import partial

from kit.command import Rrmq
from kit.paid_votes import view
from kit.waiting import eventually

from rrm_queue.domain import JobId, JobState
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

TOURNAMENTS, SIZE, MOST = 8, 12, 60
STRATEGY = f"adaptive:best,matches={MOST}"


def test_the_same_matches_follow_and_no_vote_is_lost_or_counted_twice(
    rrmq_there: Rrmq, ended: list[subprocess.Popen[bytes]], database: Database
) -> None:
    def start(*arguments: str) -> subprocess.Popen[bytes]:
        ended.append(rrmq_there.start(*arguments))
        return ended[-1]

    def fleet() -> tuple[subprocess.Popen[bytes], ...]:
        return start("coordinator"), start("worker", "--judge", "simulated", "--concurrency", "2")

    killed = _submitted(rrmq_there)
    for share in (0.1, 0.4):
        running = fleet()
        enough = share * TOURNAMENTS * MOST
        eventually(partial(_has_votes, database, killed, enough), f"{enough:.0f} votes are cast")
        assert view(database, JobId(killed)).state is JobState.RUNNING, "there is work left to do"
        for process in running:
            process.send_signal(signal.SIGKILL)
    fleet()
    eventually(lambda: view(database, JobId(killed)).state.ended, "the killed one has ended")
    calm = _submitted(rrmq_there, "--new")
    eventually(lambda: view(database, JobId(calm)).state.ended, "the calm one has ended")
    for job in (killed, calm):
        assert view(database, JobId(job)).state is JobState.SUCCEEDED
    assert calm != killed
    assert _matches(database, killed) == _matches(database, calm)
    for key, matches in _matches(database, killed).items():
        assert 0 < len(matches) <= MOST, key
        assert all(votes == 1 for *_, votes in matches), key


def _submitted(rrmq: Rrmq, *more: str) -> str:
    rows = (
        {
            "id": f"t{number}",
            "prompt": f"Which? ({number})",
            "candidates": [
                {"id": f"c{c}", "text": f"It is {c}, not {number}.", "gold": (5 * c + number) % 7}
                for c in range(SIZE)
            ],
        }
        for number in range(TOURNAMENTS)
    )
    file = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    judge = ("--judge", "simulated:0.7", "--strategy", STRATEGY, "--seed", "3")
    return str(json.loads(rrmq.ok("submit", "-", *judge, "--json", *more, file=file))["job"])


def _matches(database: Database, job: str) -> dict[str, list[tuple[object, ...]]]:
    """The matches of each tournament: where, who, who won, and how many votes there are."""
    found: dict[str, list[tuple[object, ...]]] = {}
    with database.begin() as tx:
        rows = tx.execute(
            text("""
                SELECT t.key, m.round, m.slot, m.first, m.second, m.winner,
                       (SELECT count(*) FROM votes v WHERE v.match_id = m.id)
                FROM matches m JOIN tournaments t ON t.id = m.tournament_id
                WHERE m.job_id = :job ORDER BY t.key, m.round, m.slot
            """),
            {"job": job},
        )
        for key, *match in rows:
            found.setdefault(key, []).append(tuple(match))
    return found


def _has_votes(database: Database, job: str, enough: float) -> bool:
    with database.begin() as tx:
        count = text("""
            SELECT count(*) FROM votes v JOIN matches m ON m.id = v.match_id WHERE m.job_id = :job
        """)
        return int(tx.scalar(count, {"job": job}) or 0) > enough
