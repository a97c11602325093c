"""What this process asks of the store."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg


@contextmanager
def asked_statements() -> Iterator[list[bytes]]:
    """The statements that any thread of this process runs meanwhile, as they go to the driver."""
    asked: list[bytes] = []
    run = psycopg.Cursor.execute

    def noted(cursor: Any, query: Any, *args: Any, **options: Any) -> Any:
        asked.append(query)
        return run(cursor, query, *args, **options)

    with patch.object(psycopg.Cursor, "execute", noted):
        yield asked
