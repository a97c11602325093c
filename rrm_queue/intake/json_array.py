"""Rows of a JSON array, one object after another; the array is never held as a whole."""

from collections.abc import Iterator
from typing import BinaryIO

from rrm_queue.errors import Problem
from rrm_queue.intake.json_text import JsonText, Overlong
from rrm_queue.intake.limits import NumberedRow, overlong


def rows(stream: BinaryIO) -> Iterator[NumberedRow]:
    """The array's objects with their place from 1. Reading stops at a syntax error."""
    text = JsonText(stream)
    number = 1
    try:
        text.expect("[")
        if text.next_is("]"):
            text.expect("]")
            text.expect_end()
            return
        while True:
            yield number, text.next_object()
            number += 1
            if text.expect(",]") == "]":
                text.expect_end()
                return
    except Overlong:
        yield number, overlong("item", number)
    except RecursionError:
        yield number, Problem("not a tournament: lists or objects are nested too deeply", number)
    except Problem as problem:
        yield number, Problem(problem.reason, number)
