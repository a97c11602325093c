"""The files of a submission as streams."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rrm_queue.errors import BadInput, Problem, UsageFault

STDIN = "-"
"""The name by which standard input is read."""


@contextmanager
def opened_file(file: str) -> Iterator[BinaryIO]:
    """The file as a stream of bytes. Raises BadInput when it cannot be opened."""
    if file == STDIN:
        if sys.stdin is None:
            raise UsageFault("standard input is closed")
        yield sys.stdin.buffer
        return
    with open_bytes(file) as stream:
        yield stream


def open_bytes(file: str) -> BinaryIO:
    """The file, opened; `-` is a name like others. Raises BadInput when it cannot be."""
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise BadInput(file, [Problem(error.strerror or str(error))]) from error
