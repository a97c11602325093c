"""What the store's statements take on a job of a million matches, against one of a thousand.

Both jobs are made by SQL, in one store: round robins of 8, nearly all of them done, with a vote of
180 characters a match, and twenty of them under way. A tournament of 2,000 candidates with all its
matches stands beside them. Times are those of what commands and coordinator call, their round trips
included; medians. What writes is rolled back, and so comes as often as it is timed.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from figures import Figure, arguments, report
from rig import Filling, fill

from rrm_queue.coordinator.plan import advance
from rrm_queue.domain import BatchId, DecidedBy, JobId, MatchId, Outcome, Verdict, Vote
from rrm_queue.local.stack import LocalStack
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.queue import active_jobs, counters, dispatching, planning, recording
from rrm_queue.store.queue import paid_votes as votes
from rrm_queue.store.queue.counters import Counts
from rrm_queue.store.queue.dispatching import NewBatch
from rrm_queue.store.schema import upgrade
from rrm_queue.store.views import jobs, results

SIZE, TIMES = 8, 21
RUNNING = 20
STATUS = 100.0  # ms
LARGE, SMALL, GIANT = JobId("a" * 12), JobId("b" * 12), JobId("c" * 12)

OUT = text("SELECT id FROM matches WHERE job_id = :job AND state = 'out' ORDER BY id LIMIT 64")
MATCHES = text("SELECT count(*) FROM matches WHERE job_id = :job")


class _Undo(Exception):
    """Rolls back what was only timed."""


def main() -> int:
    """Exit code 0 when `status` is in time."""
    given = arguments(__doc__)
    share = 10 if given.quick else 1
    with tempfile.TemporaryDirectory(prefix="rrmq-scale-") as folder:
        stack = LocalStack(Path(folder), processes={})
        try:
            database = Database(stack.ensure_services().database_url)
            upgrade(database)
            figures = list(_figures(database, share))
            database.close()
        finally:
            stack.down()
    return report("the store with a million matches", figures, given)


def _figures(database: Database, share: int) -> Iterator[Figure]:
    done = 35_700 // share
    fill(database, Filling(LARGE, count=done + 1000, size=SIZE, done=done, running=RUNNING))
    fill(database, Filling(SMALL, count=RUNNING + 36, size=SIZE, done=16, running=RUNNING))
    fill(database, Filling(GIANT, count=1, size=2_000 // share, done=1, running=0))
    large, small = (_timed(database, job) for job in (LARGE, SMALL))
    with database.begin() as tx:
        counts = {job: int(tx.scalar(MATCHES, {"job": job})) for job in (LARGE, SMALL, GIANT)}
    for name in large:
        yield Figure(
            f"{name}, {counts[LARGE]:,} matches",
            large[name],
            "ms",
            small[name],
            f"ms, {counts[SMALL]:,} matches",
            target=STATUS if name == "status" else None,
            at_most=True,
            absolute=True,
        )
    giant = _median(database, lambda tx: list(results.job_results(tx, GIANT, "t1")))
    beside = f"ms, one of {SIZE}"
    what = f"results of one tournament of {2_000 // share:,}"
    yield Figure(what, giant, "ms", large["results of one tournament"], beside)


def _timed(database: Database, job: JobId) -> Mapping[str, float]:
    """Milliseconds of everything that is asked of a job."""
    with database.begin() as tx:
        out = [MatchId(match) for match in tx.scalars(OUT, {"job": job})]
    calls: Mapping[str, Callable[[Transaction], object]] = {
        "status": lambda tx: (jobs.view_job(tx, jobs.find_job(tx, job)), jobs.trouble(tx, job)),
        "status, a tournament failed": lambda tx: jobs.first_error(tx, job),
        "list": lambda tx: jobs.list_jobs(tx, 20),
        "results of one tournament": lambda tx: list(results.job_results(tx, job, "t7")),
        "dispatch: look at the jobs": _look,
        "dispatch: claim 64 and send": lambda tx: _claim(tx, job),
        "dispatch: open 8 tournaments": lambda tx: _open(tx, job),
        "record: a flush of 64": lambda tx: _record(tx, job, out),
    }
    return {name: _median(database, call) for name, call in calls.items()}


def _median(database: Database, call: Callable[[Transaction], Any]) -> float:
    """Milliseconds of the call in a transaction that is begun and ended outside of them."""
    took = []
    for _ in range(TIMES):
        with suppress(_Undo), database.begin() as tx:
            began = perf_counter()
            call(tx)
            took.append(1000 * (perf_counter() - began))
            raise _Undo
    return median(took)


def _look(tx: Transaction) -> None:
    listed = active_jobs.listed_jobs(tx, "rrmq.judge.openai", BatchId(0), most_queued=64)
    active_jobs.sendable_jobs(tx, listed, {}, most=64, most_jobs=64)


def _claim(tx: Transaction, job: JobId) -> None:
    matches = dispatching.claim_matches(tx, {job: 64}, {})[job]
    dispatching.tournament_texts(tx, {match.tournament for match in matches})
    pairs = {(m.tournament, number) for m in matches for number in (m.first, m.second)}
    dispatching.answers(tx, pairs, gold=False)
    batch = NewBatch(job, [match.id for match in matches], "", 0)
    dispatching.send_batches(tx, "queue", "epoch", [batch])


def _open(tx: Transaction, job: JobId) -> None:
    advance(tx, planning.open_tournaments(tx, {job: 8}))


def _record(tx: Transaction, job: JobId, out: list[MatchId]) -> None:
    """What `record` does with a flush of one vote a match."""
    tournaments = planning.lock_tournaments(tx, dict.fromkeys(out, job))
    locked = recording.lock_matches(tx, dict.fromkeys(out, job))
    votes.in_hand(tx, list(locked))
    reasoning = "Because. " * 150
    recording.insert_votes(
        tx, [(MatchId(match), Vote(1, Verdict.FIRST, False, text=reasoning)) for match in locked]
    )
    outcomes = {m.id: Outcome(m.first, DecidedBy.VOTES) for m in locked.values()}
    recording.decide_matches(tx, outcomes)
    recording.close_batches(tx, {match.batch for match in locked.values() if match.batch})
    recording.count_decided(tx, {tournament.id: 1 for tournament in tournaments})
    advance(tx, tournaments)
    counters.count_for_job(tx, job, Counts(matches_done=len(out), votes=len(out)))


if __name__ == "__main__":
    sys.exit(main())
