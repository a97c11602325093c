"""What a vote takes on the disk, and what removing a job costs in a small and a large store.

The reasoning is that of real judges in `../shared/data`: as it is, of 600 bytes, and joined to
about 6,000, as a reasoning judge writes. Beside it the same votes are stored without compression of
our own; PostgreSQL then compresses rows of more than 2 kB. A job is removed beside as many and
beside ten times as many matches of other jobs, in parts and by one statement.
"""

import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

from figures import Figure, arguments, report
from rig import Filling, fill

from rrm_queue.coordinator.removing import remove
from rrm_queue.domain import JobId, MatchId, Verdict, Vote
from rrm_queue.local.stack import LocalStack
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.packed_text import StoredText
from rrm_queue.store.queue import recording
from rrm_queue.store.queue.deleting import mark_ended
from rrm_queue.store.queue.pruning import SIZES
from rrm_queue.store.schema import upgrade
from rrm_queue.store.views.matches import match_votes

TEXTS = Path(__file__).parents[2] / "shared" / "data"
FILES = ("judge_texts_boxed", "judge_texts_llmbar", "judge_texts_score_pair")
SLICE = 500  # votes that are recorded at once
DEAD = JobId("a" * 12)

IDS = text("SELECT id FROM matches ORDER BY id")
EMPTY = text("TRUNCATE votes")
VOTE_BYTES = text("SELECT pg_total_relation_size('votes')")
TABLES = "jobs, tournaments, candidates, matches, votes, standings, batches"
ALL_BYTES = text(f"""
    SELECT sum(pg_total_relation_size(name))
    FROM unnest(CAST('{{{TABLES}}}' AS regclass[])) AS name
""")  # noqa: S608  # a constant
END = text("UPDATE jobs SET state = 'succeeded'")
AT_ONCE = text("DELETE FROM jobs WHERE id = :job")


def main() -> int:
    """Exit code 0 when no target is missed."""
    given = arguments(__doc__)
    share = 10 if given.quick else 1
    figures = [*_with_store(_votes, share), *_with_store(_removals, share)]
    return report("the votes' disk", figures, given)


def _with_store(measure: Callable[[Database, int], Iterator[Figure]], share: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="rrmq-disk-") as folder:
        stack = LocalStack(Path(folder), processes={})
        try:
            database = Database(stack.ensure_services().database_url)
            upgrade(database)
            found = list(measure(database, share))
            database.close()
        finally:
            stack.down()
    return found


def _votes(database: Database, share: int) -> Iterator[Figure]:
    """Bytes and microseconds a vote."""
    count = 200 // min(share, 4)
    fill(database, Filling(DEAD, count=count, size=8, done=count, running=0))
    with database.begin() as tx:
        matches = [MatchId(match) for match in tx.scalars(IDS)]
    short = _recorded_texts()
    chance = random.Random(0)
    long = ["\n".join(chance.choices(short, k=chance.randint(6, 14))) for _ in matches]
    for name, texts in (("600 bytes", short), ("6 kB", long)):
        packed = _stored(database, matches, texts)
        with patch.object(recording, "pack", StoredText):
            plain = _stored(database, matches, texts)
        for what, ours, theirs in zip(
            ("bytes", "µs to write", "µs to read"), packed, plain, strict=True
        ):
            target = 0.95 if what == "bytes" else None
            words = f"{what} a vote, reasoning of {name}"
            beside = "by PostgreSQL alone"
            yield Figure(words, ours, "", theirs, beside, target=target, at_most=True)


def _recorded_texts() -> list[str]:
    lines = [line for name in FILES for line in (TEXTS / f"{name}.jsonl").open()]
    return [json.loads(line)["text"] for line in lines]


def _stored(database: Database, matches: Sequence[MatchId], texts: Sequence[str]) -> list[float]:
    """Bytes that a vote takes, and microseconds to write and to read it."""
    _run(database, EMPTY)
    votes = [
        Vote(1, Verdict.FIRST, text=texts[place % len(texts)], model="microsoft/RRM-7B", seed=place)
        for place in range(len(matches))
    ]
    began = perf_counter()
    for start in range(0, len(matches), SLICE):
        part = list(zip(matches[start : start + SLICE], votes[start : start + SLICE], strict=True))
        with database.begin() as tx:
            recording.insert_votes(tx, part)
    written = perf_counter()
    with database.begin() as tx:
        if [vote.text for _, vote in match_votes(tx, matches)] != [vote.text for vote in votes]:
            raise RuntimeError("a text came back changed")
        read = perf_counter()
        size = float(tx.scalar(VOTE_BYTES))
    count = len(matches)
    return [size / count, 1e6 * (written - began) / count, 1e6 * (read - written) / count]


def _removals(database: Database, share: int) -> Iterator[Figure]:
    """Seconds of a removal beside few and beside many other matches; in parts, and at once."""
    ours = Filling(DEAD, count=1000 // share, size=8, done=1000 // share, running=0)
    others = Filling("b" * 12, count=1000 // share, size=8, done=1000 // share, running=0)
    more = Filling("c" * 12, count=9000 // share, size=8, done=9000 // share, running=0)
    fill(database, others)
    before = _asked(database, ALL_BYTES)
    fill(database, ours)
    grown = _asked(database, ALL_BYTES) - before
    with database.begin() as tx:
        told = float(tx.execute(SIZES, {"jobs": [DEAD]}).one().bytes)
    few, _ = _removed(database)
    fill(database, more)
    fill(database, ours)
    many, longest = _removed(database)
    fill(database, ours)
    at_once = _timed(lambda: _run(database, AT_ONCE, job=DEAD))
    name = f"a job of {28_000 // share:,} matches removed"
    few_words, many_words = f"beside {28_000 // share:,}", f"beside {280_000 // share:,}"
    beside = f"s, {few_words}"
    yield Figure(f"{name}, {many_words}", many, "s", few, beside, target=1.5, at_most=True)
    yield Figure(f"{name} in parts", many, "s", at_once, "s, by one statement")
    yield Figure("the longest part", 1000 * longest, "ms", 1000 * at_once, "ms, by one statement")
    yield Figure("bytes that `prune --dry-run` tells", told, "", grown, "bytes of the tables")


def _removed(database: Database) -> tuple[float, float]:
    """Seconds of the whole removal, and of its longest part."""
    _run(database, END)
    with database.begin() as tx:
        mark_ended(tx, DEAD)
    parts = remove(database, DEAD)
    took = []
    left = True
    while left:
        began = perf_counter()
        left = next(parts, None) is not None
        took.append(perf_counter() - began)
    return sum(took), max(took)


def _timed(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def _run(database: Database, statement: Any, **values: object) -> None:
    with database.begin() as tx:
        tx.execute(statement, values)


def _asked(database: Database, statement: Any) -> float:
    with database.begin() as tx:
        return float(tx.scalar(statement))


if __name__ == "__main__":
    sys.exit(main())
