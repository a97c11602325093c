"""The files of a submission as streams, with a progress bar where a person waits for them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.console import Console
from rich.progress import wrap_file

from rrm_queue.errors import BadInput, Problem, UsageFault

SMALL_FILE = 10_000_000  # bytes; what is read within a second needs no progress bar


@contextmanager
def opened_file(file: str) -> Iterator[BinaryIO]:
    """The file as a stream of bytes, with a progress bar where a person sees it."""
    if file == "-":
        if sys.stdin is None:
            raise UsageFault("standard input is closed")
        yield sys.stdin.buffer
        return
    with open_bytes(file) as stream:
        size = Path(file).stat().st_size
        if not sys.stderr.isatty() or size < SMALL_FILE:
            yield stream
            return
        with wrap_file(
            stream, size, description="reading", console=Console(stderr=True), transient=True
        ) as reading:
            yield reading


def open_bytes(file: str) -> BinaryIO:
    """The file, opened. Raises BadInput when it cannot be."""
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise BadInput(file, [Problem(error.strerror or str(error))]) from error
