"""The plans of statements: which large tables they read from end to end."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

from rrm_queue.store.connection import Statement
from rrm_queue.store.database import Transaction

LARGE = {"matches", "votes", "tournaments", "candidates", "standings", "batches"}

NAMED = re.compile(r"(?<![:\w]):(\w+)")

RUNS = 8
"""The server plans a prepared statement five times for its parameters before it may stop to."""

Parameters = dict[str, Any]


def scanned(node: Mapping[str, Any]) -> Iterator[str]:
    """The large tables that a plan reads from end to end."""
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        yield from scanned(below)


def plans(tx: Transaction, statement: Statement, parameters: Parameters) -> list[Any]:
    """The plans of a prepared statement's first runs; what the server keeps to is the last one."""
    names = list(dict.fromkeys(NAMED.findall(statement.text)))
    numbered = NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", statement.text)
    values = [parameters[name] for name in names]
    run = f"EXECUTE planned ({', '.join(['%s'] * len(names))})" if names else "EXECUTE planned"
    connection = tx.driver
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(f"PREPARE planned AS {numbered}".encode())
        found = []
        for _ in range(RUNS):
            row = cursor.execute(f"EXPLAIN (FORMAT JSON) {run}".encode(), values).fetchone()
            assert row is not None
            found.append(row[0][0]["Plan"])
        cursor.execute("DEALLOCATE planned")
    return found


def read_whole(tx: Transaction, statement: Statement, parameters: Parameters) -> set[str]:
    """The large tables that any of a statement's plans reads from end to end."""
    return {table for plan in plans(tx, statement, parameters) for table in scanned(plan)}


def buffers(tx: Transaction, statement: Statement, parameters: Parameters) -> int:
    """How many pages the statement reads, and how many rows it gives; it is rolled back."""
    connection = tx.driver
    with psycopg.ClientCursor(connection) as cursor:
        query = b"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + statement.spelled
        row = cursor.execute(query, parameters).fetchone()
    assert row is not None
    [explained] = row[0] if isinstance(row[0], list) else json.loads(row[0])
    plan = explained["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
