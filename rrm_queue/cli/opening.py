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
    try:
        stream = Path(file).open("rb")  # noqa: SIM115  # closed below, apart from faults of opening
    except OSError as error:
        raise BadInput(file, [Problem(error.strerror or str(error))]) from error
    with stream:
        size = Path(file).stat().st_size
        if not sys.stderr.isatty() or size < SMALL_FILE:
            yield stream
            return
        with wrap_file(
            stream, size, description="reading", console=Console(stderr=True), transient=True
        ) as reading:
            yield reading
