"""How long lost work takes to run again: after a worker's death, a lost broker, a coordinator's.

Each is done ten times on the real stack, with an engine that takes the same time for each answer;
the median and the worst are given. What is measured:

- worker: from its SIGKILL until the engine has been asked again for the last of the votes that it
  had been asked for by that worker and had not answered.
- flush, wipe: from FLUSHALL in a fleet that runs undisturbed, or from Valkey's SIGKILL, its data
  deleted and started at once, until nothing is out in a batch sent before, all of which waited in
  the queue; beside it until the first outcome of a batch sent after.
- coordinator: from the start of the only one after its SIGKILL until it has recorded outcomes and
  sent a batch.
"""

import argparse
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from chaos.endpoint import BEGUN, LEFT, notes
from chaos.fleet import Fleet, Size, fleet
from chaos.given import even_job
from chaos.parts import Part, go_on, kill, stop
from chaos.submission import submit
from kit.waiting import eventually
from rich.console import Console
from rich.table import Table

from rrm_queue.coordinator.settling import SETTLE
from rrm_queue.store.connection import Statement, text

TARGETS = {"worker": 15.0, "flush": 5.0, "wipe": 5.0, "coordinator": 3.0}
"""Seconds, from the design's budgets."""

PATIENCE = 180.0

LEASES = "rrmq:lease:*"
"""The keys of all leases; each holds the name of its process, with the process id."""

_HELD = 300
"""Matches that the workers have at the engine when one of them dies."""

_DEAD = 2.0
"""Seconds that the coordinator stays dead."""

OUT = text("SELECT count(*) FROM batches WHERE state = 'out' AND sent_at <= :moment")

WAITING = text("SELECT count(*) FROM tournaments WHERE state = 'waiting'")

FIRST_SENT = text("SELECT min(sent_at) FROM batches WHERE sent_at > :moment")

FIRST_RECORDED = text("SELECT min(decided_at) FROM matches WHERE decided_at > :moment")

FIRST_OUTCOME = text("""
    SELECT min(m.decided_at) FROM matches m JOIN batches b ON b.id = m.batch_id
    WHERE b.sent_at > :moment
""")

QUIET = text("SELECT max(sent_at) < now() - interval '1 second' FROM batches")

LOST = text("SELECT count(*) FROM batches WHERE state = 'lost'")

ENDED = text("SELECT count(*) = 0 FROM jobs WHERE state IN ('queued', 'running')")


@dataclass(frozen=True, slots=True)
class Trial:
    """One loss: seconds to the target's measure, and what else is worth knowing."""

    seconds: float
    also: Mapping[str, float]


def main() -> int:
    """Exit code 0 when no worst case is over its target."""
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    trials = {name: list(_measured(name, given.times)) for name in given.only or TARGETS}
    _print(trials)
    if given.json:
        given.json.write_text(json.dumps(_shape(trials), indent=1) + "\n")
    return int(any(max(t.seconds for t in of) > TARGETS[name] for name, of in trials.items()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="recovery", description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--only", action="append", choices=list(TARGETS))
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def _measured(name: str, times: int) -> Iterator[Trial]:
    """The trials of one kind, in a fleet of their own."""
    if name == "worker":
        size = Size(coordinators=2, workers=2, concurrency=_HELD, mean=8.0, calm=True)
    else:
        size = Size(coordinators=1, workers=2, concurrency=32, mean=0.3, calm=True)
    with fleet(size, seed=0) as ours:
        if name == "flush":  # a coordinator that has just started gives workers longer
            time.sleep(SETTLE)
        for number in range(times):
            with _told(name, number):
                trial = _KINDS[name](ours, number)
            print(f"{name} {number + 1}: {trial.seconds:.2f} s {dict(trial.also)}", flush=True)
            yield trial


@contextmanager
def _told(name: str, number: int) -> Iterator[None]:
    try:
        yield
    except TimeoutError as fault:
        raise TimeoutError(f"{name} {number + 1}: {fault}") from fault


def _worker(ours: Fleet, number: int) -> Trial:
    """Kills a worker; the engine tells whose requests were broken off, and when they came again."""
    began = time.time()
    submit(ours, even_job(f"worker-{number}", _HELD // 3, size=3, strategy="elo"))
    eventually(
        lambda: _count(ours, BEGUN, began) >= _HELD, "all matches are at the engine", PATIENCE
    )
    victim = _holding(ours)
    victim.wanted = False
    killed = time.time()
    kill(victim)
    eventually(lambda: _count(ours, LEFT, killed) > 0, "the engine sees it", PATIENCE)
    again: dict[str, float] = {}

    def all_again() -> bool:
        after = [note for note in notes(ours.notes) if note.at >= killed]
        broken = {note.key: note.at for note in after if note.what == LEFT}
        again.update({n.key: n.at for n in after if n.what == BEGUN and n.key in broken})
        return broken.keys() <= again.keys()

    eventually(all_again, "another worker has all of it", PATIENCE)
    victim.wanted = True
    victim.start()
    _when(ours, ENDED, began)
    return Trial(max(again.values()) - killed, {"votes": len(again)})


def _holding(ours: Fleet) -> Part:
    """A worker that holds a batch: one of them may have taken all messages."""
    with ours.broker() as client:
        holders = client.mget(client.keys(LEASES))
    pids = {int(str(holder).split(":")[1]) for holder in holders if ":" in str(holder)}
    workers = (part for name, part in ours.parts.items() if name.startswith("worker-"))
    return next(part for part in workers if pids & set(part.pids()))


def _flush(ours: Fleet, number: int) -> Trial:
    def lose() -> None:
        with ours.broker() as client:
            client.flushall()

    return _lost_broker(ours, number, lose)


def _wipe(ours: Fleet, number: int) -> Trial:
    def lose() -> None:
        valkey = ours.parts["valkey"]
        kill(valkey)
        shutil.rmtree(ours.broker_data)
        valkey.start()

    return _lost_broker(ours, number, lose)


def _lost_broker(ours: Fleet, number: int, lose: Callable[[], None]) -> Trial:
    """Loses the broker while messages wait: the workers stand still until it has happened."""
    stopped = [stop(ours.parts[f"worker-{worker}"]) for worker in range(ours.size.workers)]
    try:
        submit(ours, even_job(f"lost-{number}", 500, size=2, strategy="knockout"))
        eventually(lambda: _number(ours, OUT, _now()) > 0, "messages are sent", PATIENCE)
        _quiet(ours)
        before, moment = _number(ours, LOST, _now()), _now()
        lose()
        after = _now()  # what is sent while it is being lost may be lost as well
    finally:
        for pids in stopped:
            go_on(pids)
    eventually(lambda: _number(ours, OUT, after) == 0, "all that was out is sent again", PATIENCE)
    seconds = (_now() - moment).total_seconds()
    first = _when(ours, FIRST_OUTCOME, after)
    lost = _number(ours, LOST, after) - before
    _when(ours, ENDED, after)
    return Trial(seconds, {"first": (first - moment).total_seconds(), "batches": lost})


def _quiet(ours: Fleet) -> None:
    """Returns when the coordinator has filled its window: a second passed without a batch."""

    def filled() -> bool:
        with ours.store() as store:
            return bool(store.scalar(QUIET))

    eventually(filled, "the window is full", PATIENCE)


def _now() -> datetime:
    return datetime.now(UTC)


def _coordinator(ours: Fleet, number: int) -> Trial:
    _supply(ours, number)
    _when(ours, FIRST_RECORDED, _now())
    coordinator = ours.parts["coordinator-0"]
    kill(coordinator)
    time.sleep(_DEAD)  # how long it is away is part of what is measured
    started = _now()
    coordinator.start()
    recorded = (_when(ours, FIRST_RECORDED, started) - started).total_seconds()
    sent = (_when(ours, FIRST_SENT, started) - started).total_seconds()
    return Trial(max(recorded, sent), {"recorded": recorded, "sent": sent})


_KINDS: Mapping[str, Callable[[Fleet, int], Trial]] = {
    "worker": _worker,
    "flush": _flush,
    "wipe": _wipe,
    "coordinator": _coordinator,
}


def _supply(ours: Fleet, number: int) -> None:
    """Sees to it that the fleet does not run out of work: a match a message, so that many wait."""
    if _number(ours, WAITING, _now()) < 4000:
        submit(ours, even_job(f"supply-{number}", 8000, size=2, strategy="knockout"))


def _count(ours: Fleet, what: str, since: float) -> int:
    return sum(note.what == what and note.at >= since for note in notes(ours.notes))


def _number(ours: Fleet, query: Statement, moment: datetime) -> int:
    with ours.store() as store:
        return int(store.scalar(query, {"moment": moment}) or 0)


def _when(ours: Fleet, query: Statement, moment: object) -> datetime:
    """What the query answers, asked for until it answers."""
    found: list[datetime] = []

    def answered() -> bool:
        with ours.store() as store:
            answer = store.scalar(query, {"moment": moment})
        found[:] = [answer] if answer else []
        return bool(found)

    eventually(answered, str(query), PATIENCE)
    return found[0]


def _print(trials: Mapping[str, list[Trial]]) -> None:
    table = Table(title="seconds until lost work runs again")
    for heading in ("lost", "times", "median", "worst", "target"):
        table.add_column(heading, justify="left" if heading == "lost" else "right")
    for name, of in trials.items():
        seconds = [trial.seconds for trial in of]
        figures = (median(seconds), max(seconds), TARGETS[name])
        table.add_row(name, str(len(of)), *(f"{figure:.1f}" for figure in figures))
    Console().print(table)


def _shape(trials: Mapping[str, list[Trial]]) -> object:
    return {
        name: {
            "target": TARGETS[name],
            "median": median(trial.seconds for trial in of),
            "worst": max(trial.seconds for trial in of),
            "trials": [{"seconds": trial.seconds, **trial.also} for trial in of],
        }
        for name, of in trials.items()
    }


if __name__ == "__main__":
    sys.exit(main())
