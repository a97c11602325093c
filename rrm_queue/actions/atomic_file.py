"""Writing a file so that it appears whole or not at all, and nothing is left beside it."""

import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import BinaryIO, NoReturn

from rrm_queue.errors import Message, Option, UsageFault


def target_of(path: Path, *, force: bool) -> Path:
    """The file to write, links followed. Raises UsageFault for what must not be replaced."""
    path = path.resolve()
    if path.exists() and not path.is_file():
        raise UsageFault(f"{path} is not a file")
    if path.exists() and not force:
        raise UsageFault(Message(f"{path} is there already; ", Option("force"), " replaces it"))
    if not path.parent.is_dir():
        raise UsageFault(f"{path.parent} is not a folder")
    return path


@contextmanager
def opened(target: Path | None, *, force: bool) -> Iterator[BinaryIO]:
    """The stream to write to: stdout, or a file that is renamed to the target when it is whole."""
    if target is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    beside = target.with_name(f".rrmq-{secrets.token_hex(8)}{target.suffix}")
    with _tidied():
        try:
            with beside.open("xb") as stream:
                yield stream
            target_of(target, force=force)  # it may have been made meanwhile
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def _tidied() -> Iterator[None]:
    """Lets SIGTERM raise an exception, as Ctrl-C does, so that the file is removed."""
    if current_thread() is not main_thread():  # no other thread may set a handler
        yield
        return
    before = signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)
