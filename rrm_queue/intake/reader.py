"""The reader: a file's lines, one after another, as tournaments and problems."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from rrm_queue.domain import Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.formats import parse_line

MOST_PROBLEMS = 20
"""Reading stops at so many problems; a file that is wrong throughout says so soon enough."""

LONGEST_LINE = 32 * 2**20
"""Bytes of a line at most, its end included.

A character takes up to four bytes once it is decoded, so this bounds the memory of reading.
"""

_SKIPPED_AT_ONCE = 2**16


def read(stream: BinaryIO, *, needs_reference: bool) -> Iterator[Tournament | Problem]:
    """The tournaments in `stream`, each as its line is read, and a Problem in place of a bad line.

    Blank lines are skipped, a byte order mark at the start is too. Ends at MOST_PROBLEMS problems.
    A file without a tournament or problem is itself a problem, which has no line.
    """
    read_any, problems = False, 0
    for number, line in _lines(stream):
        item = _item(line, number, needs_reference)
        read_any = True
        yield item
        problems += isinstance(item, Problem)
        if problems == MOST_PROBLEMS:
            return
    if not read_any:
        yield Problem("the file is empty")


def _item(line: bytes | None, number: int, needs_reference: bool) -> Tournament | Problem:
    if line is None:
        return Problem(f"the line is over {LONGEST_LINE // 2**20} MiB long", number)
    try:
        tournament = parse_line(line, number)
    except Problem as problem:
        # A new one: the caught one's traceback would keep the line in memory.
        return Problem(problem.reason, problem.line)
    if needs_reference and tournament.reference is None:
        reason = "`reference` is missing; the judge `reference` compares with it"
        return Problem(reason, number)
    return tournament


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines that are not blank with their numbers from 1; None stands for an overlong one."""
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            _skip_to_end_of_line(stream, line)
            yield number, None
            continue
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line and not line.isspace():
            yield number, line


def _skip_to_end_of_line(stream: BinaryIO, last: bytes) -> None:
    while last and not last.endswith(b"\n"):
        last = stream.readline(_SKIPPED_AT_ONCE)
