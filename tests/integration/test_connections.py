"""Connections of the store: parts of transactions, streams, and what a lost connection leaves."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from rrm_queue.errors import StoreUnavailable
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database

MAKE = text("CREATE TABLE noted (number int)")
NOTE = text("INSERT INTO noted VALUES (:number)")
NOTED = text("SELECT number FROM noted ORDER BY number")
COUNT = text("SELECT n FROM generate_series(1, CAST(:most AS int)) AS n")
END = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name")
ME = text("SELECT pg_backend_pid()")


@pytest.fixture
def noted(database: Database) -> Database:
    """A store with an empty table."""
    with database.begin() as tx:
        tx.execute(MAKE)
    return database


@pytest.fixture
def checked(database: Database) -> Iterator[Database]:
    """The same store for a process that tries connections before it uses them again."""
    own = Database(database.url, application="checked", check_connections=True)
    yield own
    own.close()


def test_a_part_that_fails_takes_back_itself_alone(noted: Database) -> None:
    with noted.begin() as tx:
        tx.execute(NOTE, {"number": 1})
        with suppress(ZeroDivisionError), tx.savepoint():
            tx.execute(NOTE, {"number": 2})
            with tx.savepoint():
                tx.execute(NOTE, {"number": 3})
            raise ZeroDivisionError
        tx.execute(NOTE, {"number": 4})
    with noted.begin() as tx:
        assert tx.scalars(NOTED).all() == [1, 4]


def test_a_transaction_that_begins_with_a_part_is_still_one(noted: Database) -> None:
    with suppress(ZeroDivisionError), noted.begin() as tx:
        with tx.savepoint():
            tx.execute(NOTE, {"number": 1})
        raise ZeroDivisionError
    with noted.begin() as tx:
        assert tx.scalars(NOTED).all() == []


def test_streams_may_be_read_side_by_side_and_left(database: Database) -> None:
    with database.begin() as tx:
        one, other = (iter(tx.stream(COUNT, {"most": 10_000}, 10)) for _ in range(2))
        both = [row.n for pair in zip(one, other, strict=True) for row in pair][:50]
        left = iter(tx.stream(COUNT, {"most": 10_000}, 10))
        assert next(left).n == 1
    assert both == [n for n in range(1, 26) for _ in range(2)]
    with database.begin() as tx:
        assert tx.scalars(COUNT, {"most": 3}).all() == [1, 2, 3]


def test_columns_may_have_the_same_name_or_none(database: Database) -> None:
    with database.begin() as tx:
        row = tx.execute(text("SELECT 1, 2 AS n, 3 AS n, 4 AS class")).one()
    assert tuple(row) == (1, 2, 3, 4)
    assert row.n == 2


def test_a_connection_is_used_again(database: Database) -> None:
    seen = set()
    for _ in range(5):
        with database.begin() as tx:
            seen.add(tx.scalar(ME))
        with database.look() as looking:
            seen.add(looking.scalar(ME))
    assert len(seen) == 1


def test_a_connection_that_the_server_ended_is_told_and_not_used_again(
    database: Database,
) -> None:
    own = Database(database.url, application="ended")
    with own.begin() as one, own.begin() as other:
        assert one.scalar(ME) != other.scalar(ME)
    with database.begin() as tx:
        assert len(tx.execute(END, {"name": "ended"})) == 2
    with pytest.raises(StoreUnavailable), own.begin() as tx:
        tx.scalar(ME)
    with own.begin() as tx:
        assert tx.scalar(ME), "the other connection, which was lost as well, is gone"
    own.close()


def test_a_connection_that_is_tried_first_is_replaced_unseen(
    database: Database, checked: Database
) -> None:
    with checked.begin() as tx:
        before = tx.scalar(ME)
    with database.begin() as tx:
        tx.execute(END, {"name": "checked"})
    with checked.begin() as tx:
        assert tx.scalar(ME) != before


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a:secret@host/db", "must look like"),
        ("postgresql://a:secret@host/db?frobnicate=1", 'parameter: "frobnicate"'),
        ("postgresql://a:secret@[host/db", "must look like"),
    ],
)
def test_a_url_that_cannot_be_read_is_told_without_its_password(url: str, words: str) -> None:
    with pytest.raises(StoreUnavailable) as fault:
        Database(url)
    assert words in str(fault.value)
    assert "secret" not in str(fault.value)
