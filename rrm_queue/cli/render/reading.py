"""The files of a submission, with a progress bar where a person waits for a large one."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rrm_queue.actions.input_files import STDIN, opened_file
from rrm_queue.intake.reader import Source
from rrm_queue.text import printable

SMALL_FILE = 10_000_000  # bytes; what is read within a second needs no progress bar


@contextmanager
def opened_sources(files: Sequence[str]) -> Iterator[tuple[list[Source], Callable[[], None]]]:
    """The files, opened, and what closes them and their bars early. Raises BadInput."""
    with ExitStack() as opened:
        yield [opened.enter_context(_opened(file)) for file in files], opened.close


@contextmanager
def _opened(file: str) -> Iterator[Source]:
    name = printable(file)
    with opened_file(file) as stream:
        size = 0 if file == STDIN else Path(file).stat().st_size
        if not sys.stderr.isatty() or size < SMALL_FILE:
            yield Source(name, stream)
            return
        from rich.console import Console
        from rich.progress import wrap_file

        screen = Console(stderr=True)
        with wrap_file(
            stream, size, description="reading", console=screen, transient=True
        ) as shown:
            yield Source(name, shown)
