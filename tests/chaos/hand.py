"""The hand that breaks things: what it does when to whom, by its seed. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle, islice
from random import Random


class Action(StrEnum):
    """What the hand does; a part that was killed or stopped comes back."""

    KILL = "kill"
    WIPE = "kill and wipe"
    STOP = "stop"
    FLUSH = "flush"
    DROP = "drop connections"
    FILL = "fill the disk"
    PAUSE = "pause the job"
    LIMIT = "limit the rate"
    COUNTS = "send bad counts"
    FORGE = "forge outcomes"
    OUTAGE = "stop both servers"
    MEMORY = "limit the memory"


class Kind(StrEnum):
    """The kinds of parts of the stack; `job` is no part, but can be paused."""

    WORKER = "worker"
    COORDINATOR = "coordinator"
    ENGINE = "engine"
    VALKEY = "valkey"
    POSTGRES = "postgres"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done: `at` seconds after the start, to be undone `lasting` seconds later."""

    at: float
    action: Action
    target: str
    lasting: float


Stroke = tuple[Action, Kind]

KILLS: Sequence[Stroke] = (
    (Action.KILL, Kind.WORKER),
    (Action.KILL, Kind.COORDINATOR),
    (Action.KILL, Kind.VALKEY),
    (Action.KILL, Kind.POSTGRES),
    (Action.KILL, Kind.ENGINE),
    (Action.WIPE, Kind.VALKEY),
    (Action.KILL, Kind.WORKER),
    (Action.KILL, Kind.COORDINATOR),
    (Action.KILL, Kind.WORKER),
)
"""Taken in turn, so that even a short run has all of them."""

OTHERS: Sequence[Stroke] = (
    (Action.STOP, Kind.WORKER),
    (Action.LIMIT, Kind.ENGINE),
    (Action.FLUSH, Kind.VALKEY),
    (Action.FORGE, Kind.VALKEY),
    (Action.PAUSE, Kind.JOB),
    (Action.COUNTS, Kind.ENGINE),
    (Action.FILL, Kind.POSTGRES),
    (Action.OUTAGE, Kind.POSTGRES),
    (Action.DROP, Kind.POSTGRES),
    (Action.MEMORY, Kind.VALKEY),
    (Action.STOP, Kind.COORDINATOR),
    (Action.DROP, Kind.VALKEY),
    (Action.STOP, Kind.ENGINE),
    (Action.STOP, Kind.POSTGRES),
    (Action.STOP, Kind.VALKEY),
)

OTHERS_PER_KILL = 1.0

_DEAD = (0.5, 8.0)
"""Seconds that a killed part stays dead."""

_STOPPED = {Kind.WORKER: 25.0, Kind.COORDINATOR: 25.0}
"""The most seconds that a part stands still: workers and coordinators outlive their leases."""

_LEAST_STOPPED, _USUALLY_STOPPED = 2.0, 8.0
_AT_ONCE = {Action.FLUSH, Action.DROP, Action.FORGE}
_OUTAGE = 17.0
"""Seconds that both servers stand still, in a short run too: longer than a lease."""


def schedule(
    seed: int,
    *,
    seconds: float,
    kills: int,
    targets: Mapping[Kind, Sequence[str]],
    without: Iterable[Action] = (),
) -> list[Deed]:
    """The deeds of a run in order: `kills` kills and as many others, evenly spread.

    `targets` names the parts of each kind, `without` what this machine does not permit. In a run
    that is short nothing but the outage of both servers lasts longer than a third of it.
    """
    chance = Random(seed)
    left_out = set(without)
    others = [stroke for stroke in OTHERS if stroke[0] not in left_out and stroke[1] in targets]
    strokes = [
        *islice(cycle(KILLS), kills),
        *islice(cycle(others), round(kills * OTHERS_PER_KILL)),
    ]
    chance.shuffle(strokes)
    step = seconds / max(1, len(strokes))
    return [
        Deed(
            at=round((place + chance.random()) * step, 2),
            action=action,
            target=chance.choice(targets[kind]),
            lasting=round(_lasting(chance, action, kind, seconds / 3), 2),
        )
        for place, (action, kind) in enumerate(strokes)
    ]


def _lasting(chance: Random, action: Action, kind: Kind, longest: float) -> float:
    drawn = chance.random()  # drawn for each, so that one deed does not shift the chance of others
    if action in _AT_ONCE:
        return 0.0
    if action is Action.OUTAGE:
        return _OUTAGE
    if action in (Action.KILL, Action.WIPE):
        least, most = _DEAD
    else:
        least, most = _LEAST_STOPPED, _STOPPED.get(kind, _USUALLY_STOPPED)
    return min(least + drawn * (most - least), max(longest, least))
