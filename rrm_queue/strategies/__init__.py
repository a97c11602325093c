"""The strategies: a new one is one file in this room and one line in `_REGISTRY`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rrm_queue.domain import CandidateNumber, Seeding
from rrm_queue.errors import UsageFault
from rrm_queue.strategies.base import Finished, Pairings, Strategy
from rrm_queue.strategies.double_elimination import DoubleElimination
from rrm_queue.strategies.elo import Elo
from rrm_queue.strategies.knockout import Knockout
from rrm_queue.strategies.pairs import Pairs
from rrm_queue.strategies.pivot import PIVOTS, Pivot
from rrm_queue.strategies.sampled import OTHERS, Sampled
from rrm_queue.strategies.swiss import Swiss

__all__ = ["NAMES", "Finished", "Pairings", "Strategy", "named"]


class _Asked(NamedTuple):
    """What a strategy may be made of: its number if one was given, seeding, the file's pairs."""

    number: int | None
    seeding: Seeding
    pairs: tuple[tuple[CandidateNumber, CandidateNumber], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """How to make a strategy, and what its name may be followed by.

    `counts`: what the number behind a colon counts, empty where none may stand; `least`: the
    smallest that makes sense; `bracket`: whether there is a bracket for `--seeding` to draw.
    """

    make: Callable[[_Asked], Strategy]
    counts: str = ""
    least: int = 1
    bracket: bool = False


_REGISTRY: dict[str, _Entry] = {
    Elo.name: _Entry(lambda _: Elo()),
    Knockout.name: _Entry(lambda asked: Knockout(asked.seeding), bracket=True),
    Sampled.name: _Entry(
        lambda asked: Sampled(asked.number or OTHERS), counts="others that each meets", least=2
    ),
    Swiss.name: _Entry(lambda asked: Swiss(asked.number), counts="rounds"),
    DoubleElimination.name: _Entry(lambda asked: DoubleElimination(asked.seeding), bracket=True),
    Pivot.name: _Entry(lambda asked: Pivot(asked.number or PIVOTS), counts="pivots"),
    Pairs.name: _Entry(lambda asked: Pairs(asked.pairs)),
}

NAMES = tuple(_REGISTRY)
"""What `--strategy` accepts; some may be followed by a colon and a number, as `sampled:12`."""


def named(
    text: str,
    *,
    seeding: Seeding = Seeding.RANDOM,
    pairs: Sequence[tuple[CandidateNumber, CandidateNumber]] = (),
) -> Strategy:
    """The strategy that `--strategy` calls `text`, such as `knockout` or `sampled:12`.

    `seeding` places the candidates of those that draw a bracket; `pairs` are the file's own, which
    `pairs` judges and no other strategy looks at. Raises UsageFault when there is none of that
    name, when the number behind its name is needless or absurd, and when `seeding` is asked of one
    that draws no bracket.
    """
    name, colon, argument = text.partition(":")
    entry = _REGISTRY.get(name)
    if entry is None:
        raise UsageFault(f"unknown strategy '{name}'; there are {', '.join(NAMES)}")
    if seeding is not Seeding.RANDOM and not entry.bracket:
        drawing = " and ".join(name for name in NAMES if _REGISTRY[name].bracket)
        raise UsageFault(f"seeding is for brackets, and {name} draws none: only {drawing} do")
    number = _number(name, entry, argument) if colon else None
    return entry.make(_Asked(number, seeding, tuple(pairs)))


def _number(name: str, entry: _Entry, argument: str) -> int:
    if not entry.counts:
        raise UsageFault(f"{name} takes no number, but '{name}:{argument}' gives it one")
    if not re.fullmatch("[0-9]{1,6}", argument) or int(argument) < entry.least:
        raise UsageFault(
            f"'{name}:{argument}': behind the colon stands the number of {entry.counts}, "
            f"from {entry.least} to 999999"
        )
    return int(argument)
