"""Bytes that the broker holds beside the bytes of the messages that are out, workers killed too.

A round robin of long answers with a judge that does not answer, so that all of a worker's messages
stay out. The worker is killed a few times; each time its messages are given up and sent again. In
one run at one moment: the bytes of all keys, and twice the bytes of the messages that are out.
"""

import sys
import time

from figures import Figure, arguments, report
from redis import Redis
from rig import (
    Fleet,
    ProcessPart,
    Size,
    add_worker,
    eventually,
    fleet,
    kill,
    submit,
    write_tournaments,
)

from rrm_queue.store.connection import Statement, text

TARGET = 1.5
CANDIDATES = 12
CONCURRENCY = 64
LENGTH = 200_000  # characters of an answer
UNANSWERED = 3600.0  # seconds

SETTLED = 1.0  # seconds between two looks that must be alike

OUT = text("SELECT coalesce(sum(bytes), 0) FROM batches WHERE state = 'out'")

LOST = text("SELECT count(*) FROM batches WHERE state = 'lost'")


def main() -> int:
    """Exit code 0 when the worst of all moments is within the target."""
    given = arguments(__doc__)
    kills = 1 if given.quick else 4
    with fleet(Size(coordinators=1, workers=0, mean=UNANSWERED, calm=True), seed=0) as ours:
        moments = _moments(ours, kills)
    held, out = max(moments, key=lambda moment: moment[0] / moment[1])
    row = Figure(
        f"bytes held after {kills} kills, the worst moment",
        held / 2**20,
        "MiB",
        2 * out / 2**20,
        "bytes of messages out x 2, MiB",
        TARGET,
        at_most=True,
    )
    return report("the broker's memory", [row], given)


def _moments(ours: Fleet, kills: int) -> list[tuple[int, int]]:
    """Bytes held and bytes out: before the first kill, and after each when all is sent again."""
    moments = []
    for number in range(kills + 1):
        worker = add_worker(
            ours, "openai", "--concurrency", str(CONCURRENCY), name=f"worker-{number}"
        )
        if number == 0:
            file = ours.home / "long.jsonl"
            write_tournaments(file, 4, CANDIDATES, text_length=LENGTH)
            submit(ours, file, "--judge", "openai:silent", "--strategy", "elo", "--yes")
        with ours.broker() as client:
            eventually(lambda: _settled(ours, client), "what a worker can hold is out")
            moments.append((held(client), _ask(ours, OUT)))
        _lose(ours, worker)
    return moments


def _lose(ours: Fleet, worker: ProcessPart) -> None:
    """Kills the worker and waits until its batches are given up."""
    lost = _ask(ours, LOST)
    worker.wanted = False
    kill(worker)
    eventually(lambda: _ask(ours, LOST) > lost, "its batches are given up")


def _settled(ours: Fleet, client: Redis) -> bool:
    """Whether messages are out, and no more are sent or taken."""
    before = (_ask(ours, OUT), client.llen("rrmq.judge.openai"))
    time.sleep(SETTLED)
    return before[0] > 0 and before == (_ask(ours, OUT), client.llen("rrmq.judge.openai"))


def held(client: Redis) -> int:
    """The bytes of all keys."""
    return sum(int(client.memory_usage(key, samples=0) or 0) for key in client.scan_iter())


def _ask(ours: Fleet, query: Statement) -> int:
    with ours.store() as store:
        return int(store.scalar(query))


if __name__ == "__main__":
    sys.exit(main())
