"""An engine of the tests' kind whose answers take long, some of them very long, and never fail.

Seconds are lognormal and cut off at five times their mean: reasoning varies as widely, and is cut
off by a budget of tokens. They are drawn from the request, so they can be told beforehand.
"""

import argparse
import asyncio
import math
import sys
from pathlib import Path
from statistics import NormalDist

from rig import Endpoint, Fleet, add, eventually, serve
from rrm_worker.engine_process import free_port

_SPREAD = 0.8  # of the logarithm: the slowest in a hundred take four and a half times the mean
_LONGEST = 5.0  # times the mean
_USUAL = NormalDist(0, _SPREAD)


def seconds_of(key: str, mean: float) -> float:
    """How long the engine takes for the request of this key."""
    drawn = min(max(int(key, 16) / 2**63, 1e-9), 1 - 1e-9)
    return mean * min(math.exp(_USUAL.inv_cdf(drawn) - _SPREAD**2 / 2), _LONGEST)


def serve_heavy_tail(ours: Fleet, mean: float) -> Path:
    """Starts one for the workers that are added from now on; the file with its notes."""
    notes = ours.home / "logs" / "heavy.notes"
    port = str(free_port())
    answers = ("--mean", str(mean), "--notes", str(notes))
    add(ours, "heavy", [sys.executable, __file__, "--port", port, *answers])
    eventually(notes.exists, "the engine serves")
    ours.environment["RRMQ_OPENAI_BASE_URL"] = f"http://127.0.0.1:{port}/v1"
    return notes


class HeavyTailed(Endpoint):
    """The tests' endpoint with other times."""

    def __init__(self, mean: float, notes: Path) -> None:
        super().__init__(0, mean, notes, calm=True)

    def _seconds(self, key: str) -> float:
        return seconds_of(key, self._mean)


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mean", type=float, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    given = parser.parse_args()
    asyncio.run(serve(HeavyTailed(given.mean, given.notes), given.port))


if __name__ == "__main__":
    main()
