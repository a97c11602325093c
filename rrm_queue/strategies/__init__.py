"""The strategies: a new one is one file in this room and one line in `_REGISTRY`."""

from collections.abc import Callable

from rrm_queue.domain import Seeding
from rrm_queue.errors import UsageFault
from rrm_queue.strategies.base import Finished, Pairings, Strategy
from rrm_queue.strategies.elo import Elo
from rrm_queue.strategies.knockout import Knockout

__all__ = ["NAMES", "Finished", "Pairings", "Strategy", "named"]

_REGISTRY: dict[str, Callable[[Seeding], Strategy]] = {
    Elo.name: lambda _seeding: Elo(),
    Knockout.name: Knockout,
}

NAMES = tuple(_REGISTRY)
"""What `--strategy` accepts."""


def named(name: str, *, seeding: Seeding = Seeding.RANDOM) -> Strategy:
    """The strategy called `name`; `seeding` places the candidates of those that draw a bracket.

    Raises UsageFault when there is none of that name.
    """
    if name not in _REGISTRY:
        raise UsageFault(f"unknown strategy '{name}'; there are {', '.join(NAMES)}")
    return _REGISTRY[name](seeding)
