"""What a run cost, and what it leaves behind: the engine's notes, repairs, the broker."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit.waiting import eventually

from chaos.audit import Difference
from chaos.endpoint import ANSWERED, BEGUN, MISCOUNTED, REFUSED, notes
from chaos.fleet import Fleet
from rrm_queue.store.connection import Connection, text

"""Seconds in which messages of what is over must be gone from the broker."""

_BROKER_BYTES = 16 << 20
"""What a broker may hold when all is over: an empty one takes 1 MB, the rest goes with time."""

REPAIRS = text("""
    SELECT (SELECT count(*) FROM batches) AS batches,
           (SELECT count(*) FROM batches WHERE state = 'lost') AS batches_lost,
           (SELECT count(*) FROM matches WHERE state = 'failed') AS matches_given_up,
           (SELECT count(*) FROM matches WHERE attempt > 0) AS matches_tried_again,
           (SELECT coalesce(max(attempt), 0) FROM matches) AS most_attempts,
           (SELECT coalesce(sum(samples), 0) FROM votes) AS samples_recorded
""")


def repairs(store: Connection) -> dict[str, Any]:
    """What was lost on the way and judged again."""
    return dict(store.execute(REPAIRS).one()._asdict())


def miscounted(file: Path) -> frozenset[str]:
    """The keys of the requests that were answered with bad counts."""
    return frozenset(note.key for note in notes(file) if note.what == MISCOUNTED)


def paid(file: Path) -> dict[str, int]:
    """What the engine began, what it answered, and what of that it had answered before."""
    noted = notes(file)
    answered = [note.key for note in noted if note.what == ANSWERED]
    return {
        "requests_begun": sum(note.what == BEGUN for note in noted),
        "requests_answered": len(answered),
        "answered_more_than_once": len(answered) - len(set(answered)),
        "requests_refused": sum(note.what == REFUSED for note in noted),
        "answers_with_bad_counts": sum(note.what == MISCOUNTED for note in noted),
    }


def leftovers(ours: Fleet, figures: dict[str, Any]) -> Iterator[Difference]:
    """What the broker still holds: no message, and little else."""
    with ours.broker() as broker:

        def lists() -> dict[str, int]:
            keys = [key for key in broker.scan_iter() if broker.type(key) == "list"]
            return {key: length for key in keys if (length := broker.llen(key))}

        try:
            eventually(lambda: not lists(), "the queues are empty")
        except TimeoutError:
            yield Difference("no message is left", "broker", str(lists()))
        used = int(broker.info("memory")["used_memory"])
        figures["broker_keys"] = broker.dbsize()
        figures["broker_unacknowledged"] = broker.hlen("unacked")
        figures["broker_megabytes"] = round(used / (1 << 20), 1)
    if used > _BROKER_BYTES:
        yield Difference("the broker holds little", "broker", f"{used} bytes")
