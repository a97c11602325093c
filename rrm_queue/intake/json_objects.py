"""Rows of JSON objects that span several lines, as `jq` and `json.dump(…, indent=2)` write them.

A file may be one object around all rows: `{"q1": {…}, "q2": {…}}`, where the keys are the rows'
ids, or `{"data": [{…}, …]}`.
"""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from rrm_queue.errors import Problem
from rrm_queue.intake.formats.fields import Row
from rrm_queue.intake.json_text import JsonText, Overlong
from rrm_queue.intake.limits import NumberedRow, overlong


def rows(stream: BinaryIO, recognised: Callable[[Row], bool]) -> Iterator[NumberedRow]:
    """The objects with their place from 1. Reading stops at a syntax error.

    `recognised` tells whether an object is a row itself.
    """
    text = JsonText(stream)
    number = 0
    try:
        while text.next_is("{"):
            found = text.next_object()
            for row in [found] if recognised(found) else inner_rows(found) or [found]:
                number += 1
                yield number, row
        text.expect_end("after an object")
    except Overlong:
        yield number + 1, overlong("object", number + 1)
    except RecursionError:
        reason = "not a tournament: lists or objects are nested too deeply"
        yield number + 1, Problem(reason, number + 1)
    except Problem as problem:
        yield number + 1, Problem(problem.reason, number + 1)


def inner_rows(found: Row) -> list[dict[str, Any]]:
    """The rows that an object is put around; none if it is no such object."""
    values = list(found.values())
    if values and all(isinstance(value, dict) and value for value in values):
        return [{"id": key, **value} for key, value in found.items()]
    lists = [value for value in values if isinstance(value, list) and value]
    of_rows = [rows for rows in lists if all(isinstance(row, dict) for row in rows)]
    return of_rows[0] if len(of_rows) == len(lists) == 1 else []
