"""Appending stays fast right after a large submission: no statement of it reads a whole table.

The server has no statistics of its tables then, and it gets none here.
"""

import pytest
from kit.filled_store import Filling, fill
from kit.query_plans import Parameters, read_whole

from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import appending, cohorts, gathering, planning

LARGE = Filling("aaaaaaaaaaaa", count=100_000, size=2, done=0, running=50)

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
        "planning.LOCK_BY_ID": (planning.LOCK_BY_ID, SOME),
    }
    with filled.begin() as tx:
        found = {name: read_whole(tx, *one) for name, one in asked.items()}
    assert {name: tables for name, tables in found.items() if tables} == {}
