"""How much of a file is held at once, and what its rows are called."""

from typing import Any

from rrm_queue.errors import Problem

LONGEST_LINE = 32 * 2**20
"""Bytes of a row at most, once unpacked, its end included.

A character takes up to four bytes once it is decoded, so this bounds the memory of reading.
"""

NumberedRow = tuple[int, bytes | dict[str, Any] | Problem]
"""A row's number, from 1, and the row: a JSON line, an object, or what is wrong with it."""


def overlong(what: str, number: int) -> Problem:
    """The problem of a row of more than LONGEST_LINE bytes."""
    return Problem(f"the {what} is longer than {LONGEST_LINE // 2**20} MiB", number)
