"""A line of the tables of `choosing.py`."""

from typing import NamedTuple


class Line(NamedTuple):
    """A cell: the world that was judged, the strategy, and its means over trials."""

    kind: str
    size: int
    accuracy: float
    votes: int
    bias: float
    strategy: str
    found: float
    tau: float
    matches: float
    cast: float
    tau_error: float
    trials: int
