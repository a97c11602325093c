"""`rrmq coordinator`, which notes each of its loops: `python timed_coordinator.py FILE`.

A line of JSON for each turn of dispatch, each look of recover and each group that is recorded: when
it ended, its seconds, the SQL statements of its thread, and its matches.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from rrm_queue.cli.commands.coordinator import command
from rrm_queue.coordinator import recorder, service
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record_group
from rrm_queue.coordinator.recover import recover

_statements: Counter[int] = Counter()


def main() -> None:
    """Runs until SIGTERM."""
    file = Path(sys.argv[1]).open("a", buffering=1)  # noqa: SIM115  # open for as long as we run
    _count_statements()
    loops: Any = service
    loops.dispatch = _noted(file, "dispatch", dispatch, lambda matches: matches)
    loops.recover = _noted(file, "recover", recover, lambda found: len(found.lost))
    loops = recorder
    loops.record_group = _noted(file, "record", record_group, lambda done: done.counts.matches_done)
    command(args=[], standalone_mode=False)


def _count_statements() -> None:
    """Counts each thread's statements from now on."""
    run = psycopg.Cursor.execute

    def counted(cursor: Any, *args: Any, **options: Any) -> Any:
        _statements[threading.get_ident()] += 1
        return run(cursor, *args, **options)

    psycopg.Cursor.execute = counted  # type: ignore[assignment, method-assign]  # every statement goes there


def _noted(
    file: Any, what: str, loop: Callable[..., Any], matches: Callable[[Any], int]
) -> Callable[..., Any]:
    def noted(*args: Any, **options: Any) -> Any:
        began, thread = time.monotonic(), threading.get_ident()
        before = _statements[thread]
        found = loop(*args, **options)
        line = {
            "loop": what,
            "at": time.time(),
            "seconds": time.monotonic() - began,
            "statements": _statements[thread] - before,
            "matches": matches(found),
        }
        file.write(json.dumps(line) + "\n")
        return found

    return noted


if __name__ == "__main__":
    main()
