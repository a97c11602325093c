"""A server that lives and cannot serve any more: how that is known."""

import signal
from collections.abc import Callable
from pathlib import Path

from rrm_queue.local.daemon import Broken, Daemon

LOST = 5.0
"""Seconds for which a file of the server may be missing; a server that starts makes its own."""

SILENT = 10.0
"""Seconds for which a server may say nothing at all; one that starts or recovers answers."""


def what_is_broken(
    server: Daemon,
    data: Path,
    socket: Path,
    replies: Callable[[], bool],
    request: signal.Signals,
) -> Broken | None:
    """What is wrong with a server over the folder `data` that lives; `request` is to end it."""
    if not server.works_in(data):
        return Broken("has lost its data folder", LOST, request)
    if not socket.exists():
        return Broken("has lost its socket", LOST, request)
    if not replies():
        return Broken("does not answer", SILENT, request)
    return None
