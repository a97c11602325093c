"""What open pages cost: processor time of the coordinator and the server, with 0 and 100 pages.

The same job runs twice each way, in turn, with `rrmq serve` beside it. A hundred browsers would
follow the job's page by its stream of changes; here as many connections read that stream.
"""

import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Thread
from typing import NamedTuple

import psutil
from figures import Figure, arguments, report
from rig import Fleet, add, add_worker, eventually, one_coordinator, rrmq, submit, write_tournaments

from rrm_queue.store.connection import text

PAGES = 100
TURNS = 2
"""Runs with and without pages; the one with less processor time counts."""

TARGET = 1.1
"""Runs of the same work differ by about so much on a shared machine."""

STATE = text("SELECT state, matches_done FROM jobs WHERE id = :job")


class Spent(NamedTuple):
    """Seconds of processor time a match, and bytes that the pages were sent."""

    coordinator: float
    server: float
    sent: int


def main() -> int:
    """Exit code 0 when the coordinator spends no more than without pages."""
    given = arguments(__doc__)
    count = 400 if given.quick else 1200
    with one_coordinator() as ours, tempfile.TemporaryDirectory() as folder:
        add_worker(ours, "simulated")
        address = _serve(ours)
        runs: dict[int, list[Spent]] = {0: [], PAGES: []}
        for turn in range(TURNS):
            for pages in runs:
                file = Path(folder) / f"{turn}-{pages}.jsonl"
                write_tournaments(file, count, 8)
                runs[pages].append(_run(ours, file, address, pages))
    return report("open pages", list(_figures(runs)), given)


def _figures(runs: dict[int, list[Spent]]) -> Iterator[Figure]:
    for name, target in (("coordinator", TARGET), ("server", None)):
        alone, beside = (1e6 * min(getattr(one, name) for one in runs[n]) for n in runs)
        yield Figure(
            f"the {name}'s processor time with {PAGES} open pages",
            beside,
            "µs a match",
            alone,
            "µs a match, no page",
            target=target,
            at_most=True,
        )
    sent = max(one.sent for one in runs[PAGES])
    yield Figure("what a page was sent while the job ran", sent / PAGES / 1e3, "kB")


def _serve(ours: Fleet) -> str:
    """The address of a server, with its token."""
    part = add(ours, "serve", rrmq("serve", "--port", "0"))
    eventually(lambda: "serves at" in part.log.read_text(), "the server serves")
    found = re.search(r"http://\S+", part.log.read_text())
    assert found is not None  # noqa: S101  # the line has it
    return found[0]


def _run(ours: Fleet, file: Path, address: str, pages: int) -> Spent:
    """A job from its submission to its end, with so many open pages."""
    parts = [next(ours.parts[n] for n in ours.parts if n.startswith("coord")), ours.parts["serve"]]
    watched = [psutil.Process(part.pids()[0]) for part in parts]
    job = submit(ours, file, "--judge", "simulated:0.9", "--strategy", "elo", "--new")
    with ExitStack() as opened:
        readers = opened.enter_context(_reading(address, job, pages))
        before = [sum(one.cpu_times()[:2]) for one in watched]
        done = _matches(ours, job)
        eventually(lambda: _ended(ours, job), f"job {job} has ended", 600)
        spent = [sum(one.cpu_times()[:2]) - at for one, at in zip(watched, before, strict=True)]
        matches = _matches(ours, job) - done
        return Spent(spent[0] / matches, spent[1] / matches, readers.sent)


def _ended(ours: Fleet, job: str) -> bool:
    with ours.store() as store:
        return str(store.execute(STATE, {"job": job}).one().state) == "succeeded"


def _matches(ours: Fleet, job: str) -> int:
    with ours.store() as store:
        return int(store.execute(STATE, {"job": job}).one().matches_done)


class _Readers:
    """Connections that read a page's stream, and how much they were sent."""

    def __init__(self) -> None:
        self.sent = 0


@contextmanager
def _reading(address: str, job: str, pages: int) -> Iterator[_Readers]:
    host, port, token = re.match(r"http://([^:]+):(\d+)/\?token=(\S+)", address).groups()  # type: ignore[union-attr]  # it is our own
    request = (
        f"GET /jobs/{job} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    held, selector, stopped = _Readers(), DefaultSelector(), Event()
    sockets = [socket.create_connection((host, int(port))) for _ in range(pages)]
    for one in sockets:
        one.sendall(request)
        selector.register(one, EVENT_READ)

    def read() -> None:
        while not stopped.is_set():
            for key, _ in selector.select(0.1):
                held.sent += len(key.fileobj.recv(1 << 16))  # type: ignore[union-attr]  # a socket

    thread = Thread(target=read)
    thread.start()
    try:
        yield held
    finally:
        stopped.set()
        thread.join()
        for one in sockets:
            one.close()


if __name__ == "__main__":
    sys.exit(main())
