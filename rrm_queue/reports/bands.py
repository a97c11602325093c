"""Where the figures of a judge are fine, worth a look or a worry: bands behind their intervals."""

from collections.abc import Mapping
from typing import NamedTuple

from rrm_queue.diagnostics.reading import (
    CYCLES,
    DISAGREEMENT,
    LENGTH,
    NO_VERDICT,
    SLOT_BIAS,
    UNDECIDED,
    Bounds,
    Level,
)

EVEN = 50.0
"""Percent at which neither side is preferred."""

_SHARES: Mapping[str, Bounds] = {
    "no_verdict": NO_VERDICT,
    "coins": UNDECIDED,
    "draws": UNDECIDED,
    "cyclic_triples": CYCLES,
}
"""Figures that should be small."""


class Band(NamedTuple):
    """A part of the axis, in percent, and the level of an estimate there."""

    start: float
    width: float
    level: Level


def bands(name: str) -> tuple[Band, ...]:
    """The bands of a finding; none where its level does not depend on the figure alone."""
    name = name.partition(":")[0]
    if name in _SHARES:
        return _joined(_upwards(_SHARES[name]))
    if name == "vote_agreement":
        return _joined([(100 - end, 100 - start, lv) for start, end, lv in _upwards(DISAGREEMENT)])
    if name == "slot_bias":
        return _joined(_around(SLOT_BIAS, Level.WORRY))
    if name == "longer_wins":
        return _joined(_around(LENGTH, Level.LOOK))
    return ()


_Part = tuple[float, float, Level]


def _upwards(bounds: Bounds) -> list[_Part]:
    look, worry = 100 * bounds.look, 100 * bounds.worry
    return [(0.0, look, Level.FINE), (look, worry, Level.LOOK), (worry, 100.0, Level.WORRY)]


def _around(bounds: Bounds, last: Level) -> list[_Part]:
    """The bands by the distance from the middle; beyond the second bound it is `last`."""
    look, worry = 100 * bounds.look, 100 * bounds.worry
    return [
        (0.0, EVEN - worry, last),
        (EVEN - worry, EVEN - look, Level.LOOK),
        (EVEN - look, EVEN + look, Level.FINE),
        (EVEN + look, EVEN + worry, Level.LOOK),
        (EVEN + worry, 100.0, last),
    ]


def _joined(parts: list[_Part]) -> tuple[Band, ...]:
    return tuple(Band(round(a, 2), round(b - a, 2), level) for a, b, level in sorted(parts))
