"""Statistics of wide tournaments: no statement looks at more rows than a job has, times a few.

The server has no statistics of its tables here, as it is right after a submission, and a job of
narrow tournaments is beside the wide one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kit.filled_store import Filling, fill

from rrm_queue.columns import REASONS
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database, Transaction
from rrm_queue.store.views import diagnostics, outcomes, report, results

NARROW = Filling("aaaaaaaaaaaa", count=840, size=4, done=834, running=0)
WIDE = Filling("bbbbbbbbbbbb", count=2, size=100, done=2, running=0)

MOST = 12
"""Rows that a statement's steps handle together, for each match, vote and candidate of the job."""

NAMED = re.compile(r"(?<!:):(\w+)")

# Every pair is labelled, in both orders of its candidates.
LABEL = text("""
    UPDATE tournaments t SET pairs = (
        SELECT jsonb_agg(jsonb_build_object(
            'label', 'first', 'first', CASE WHEN id % 2 = 0 THEN first ELSE second END,
            'second', CASE WHEN id % 2 = 0 THEN second ELSE first END))
        FROM matches WHERE tournament_id = t.id)
    WHERE job_id = :job
""")


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """A narrow and a wide job, of which the server knows nothing."""
    for filling in (NARROW, WIDE):
        fill(module_database, filling, analyze=False)
        with module_database.begin() as tx:
            tx.execute(LABEL, {"job": filling.job})
    return module_database


def statements() -> Mapping[str, tuple[str, Mapping[str, object]]]:
    """What `leaderboard`, `diagnose`, `results` and `report` ask about a whole job, by name."""
    words = {"verdicts": diagnostics.VERDICTS, "reasons": list(REASONS)}
    labels = {"labels": diagnostics.VERDICTS, "subsets": []}
    return {
        "outcomes.GENERATORS": (outcomes.GENERATORS.text, {}),
        "outcomes.PLACES": (outcomes.PLACES, {}),
        "outcomes.MATCHES": (outcomes.MATCHES, {}),
        "outcomes.SOFT_MATCHES": (outcomes.SOFT_MATCHES, {"each": 1}),
        "diagnostics.VOTES": (diagnostics.VOTES, words),
        "diagnostics.MATCHES": (diagnostics.MATCHES, {}),
        "diagnostics.LENGTHS": (diagnostics.LENGTHS, {}),
        "diagnostics.LABELS": (diagnostics.LABELS, labels),
        "report.COSTS": (report.COSTS.text, {}),
        "report.GOLD": (report.GOLD.text, {}),
        "results.STANDINGS": (results.STANDINGS.text, {"key": None, "finals": False}),
    }


def handled(node: Mapping[str, Any]) -> Iterator[float]:
    """The rows that each step of a plan gave or threw away, over all of its loops."""
    thrown = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    yield (node["Actual Rows"] + thrown) * node["Actual Loops"]
    for below in node.get("Plans", []):
        yield from handled(below)


def plan(tx: Transaction, statement: str, parameters: Mapping[str, object]) -> Mapping[str, Any]:
    """The plan of a run; of a COPY that of its query."""
    query = statement.strip().removeprefix("COPY (").removesuffix(") TO STDOUT (FORMAT binary)")
    query = NAMED.sub(r"%(\1)s", query) if query == statement.strip() else query
    with tx.driver.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}".encode(), parameters)
        [explained] = cursor
    found: Mapping[str, Any] = explained[0][0]["Plan"]
    return found


@pytest.mark.parametrize("filling", [NARROW, WIDE], ids=["narrow", "wide"])
@pytest.mark.parametrize("name", statements())
def test_a_statement_handles_a_few_rows_for_each_match(
    filled: Database, name: str, filling: Filling
) -> None:
    statement, parameters = statements()[name]
    with filled.begin() as tx:
        root = plan(tx, statement, {"job": filling.job, **parameters})
    everything = sum(f.matches * f.done * 2 + f.count * f.size for f in (NARROW, WIDE))
    assert sum(handled(root)) < MOST * everything


def test_a_join_that_compares_each_with_each_is_seen(filled: Database) -> None:
    joined = """
        WITH c AS MATERIALIZED (SELECT c.tournament_id, c.number FROM tournaments t
                                JOIN candidates c ON c.tournament_id = t.id WHERE t.job_id = :job)
        SELECT m.id FROM tournaments t JOIN matches m ON m.tournament_id = t.id
        JOIN c AS one ON one.tournament_id = m.tournament_id AND one.number = m.first
        JOIN c AS two ON two.tournament_id = m.tournament_id AND two.number = m.second
        WHERE t.job_id = :job AND m.state = 'done'
    """
    with filled.begin() as tx:
        root = plan(tx, joined, {"job": WIDE.job})
    everything = sum(f.matches * f.done * 2 + f.count * f.size for f in (NARROW, WIDE))
    assert sum(handled(root)) > MOST * everything
