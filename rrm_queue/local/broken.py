"""Detects a server that is alive but cannot serve any more."""

import signal
from collections.abc import Callable
from pathlib import Path

from rrm_queue.local.daemon import Broken, Daemon

LOST = 5.0
"""Seconds for which a server's file may be missing; a server that starts makes its files."""

SILENT = 10.0
"""Seconds for which a server may stay silent; one that starts or recovers does answer."""


def what_is_broken(
    server: Daemon,
    data: Path,
    socket: Path,
    replies: Callable[[], bool],
    request: signal.Signals,
) -> Broken | None:
    """What is wrong with a live server of the folder `data`; `request` is the signal to end it."""
    if not server.works_in(data):
        return Broken("has lost its data folder", LOST, request)
    if not socket.exists():
        return Broken("has lost its socket", LOST, request)
    if not replies():
        return Broken("does not answer", SILENT, request)
    return None
