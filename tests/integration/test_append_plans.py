"""Appending stays fast right after a large submission: no statement of it reads a whole table.

The server has no statistics of its tables then, and it gets none here.
"""

import pytest
from kit.filled_store import Filling, fill
from kit.query_plans import Parameters, read_whole
from sqlalchemy import text

from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending, cohorts, gathering, planning
from rrm_queue.store.views import groups

LARGE = Filling("aaaaaaaaaaaa", count=20_000, size=8, done=0, running=50)

# As it was: the server joins all candidates, as it expects thousands for a tournament.
JOINED = text("""
    SELECT t.id, array_agg(c.text ORDER BY c.number) AS texts
    FROM tournaments t JOIN candidates c ON c.tournament_id = t.id
    WHERE t.job_id = :job AND t.key = ANY(CAST(:keys AS text[]))
    GROUP BY t.id
""")

KEYS: Parameters = {"job": LARGE.job, "keys": ["t7", "another"]}
SOME: Parameters = {"tournaments": [1, 2, 3]}
EACH: Parameters = {"tournament": [1, 2], "number": [8, 8], "key": ["8", "8"]}


@pytest.fixture(scope="module")
def filled(module_database: Database) -> Database:
    """A job of which the server knows nothing but its pages."""
    with module_database.begin() as tx:
        for table in ("tournaments", "candidates", "matches"):
            tx.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
    fill(module_database, LARGE, analyze=False)
    return module_database


def test_no_statement_that_adds_a_group_or_an_answer_reads_a_whole_table(filled: Database) -> None:
    asked = {
        "appending.KNOWN_TOURNAMENTS": (appending.KNOWN_TOURNAMENTS, KEYS),
        "appending.OPEN_SETTINGS": (appending.OPEN_SETTINGS, {"job": LARGE.job}),
        "cohorts.COHORTS": (cohorts.COHORTS, {"cohorts": [1]}),
        "gathering.GATHERED": (gathering.GATHERED, SOME),
        "gathering.ADD_CANDIDATES": (
            gathering.ADD_CANDIDATES,
            {**EACH, "text": ["a", "b"], "gold": [None, 1.0]},
        ),
        "gathering.RENAME_CANDIDATES": (gathering.RENAME_CANDIDATES, EACH),
        "gathering.END_GATHERING": (gathering.END_GATHERING, SOME),
        "gathering.READY_AGAIN": (gathering.READY_AGAIN, SOME),
        "planning.LOCK_BY_ID": (planning.LOCK_BY_ID, SOME),
        "groups.GROUPS": (groups.GROUPS, SOME),
    }
    with filled.begin() as tx:
        found = {name: read_whole(tx, *one) for name, one in asked.items()}
    assert {name: tables for name, tables in found.items() if tables} == {}


def test_a_statement_that_joins_all_candidates_is_seen(filled: Database) -> None:
    with filled.begin() as tx:
        assert read_whole(tx, JOINED, KEYS) == {"candidates"}
