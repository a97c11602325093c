"""What a coordinator's loops took, as `timed_coordinator.py` notes them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Loops:
    """The turns of one loop: their seconds, SQL statements and matches."""

    seconds: Sequence[float]
    statements: int
    matches: int

    @classmethod
    def read(cls, file: Path, loop: str, since: float = 0.0) -> Self:
        """The turns that ended after `since`, a time of day."""
        turns = [json.loads(line) for line in file.read_text().splitlines()]
        ours = [turn for turn in turns if turn["loop"] == loop and turn["at"] >= since]
        return cls(
            [turn["seconds"] for turn in ours],
            sum(turn["statements"] for turn in ours),
            sum(turn["matches"] for turn in ours),
        )

    @property
    def longest(self) -> float:
        """Seconds of the longest turn."""
        return max(self.seconds, default=0.0)

    @property
    def rate(self) -> float:
        """Matches in a second of turns."""
        return self.matches / max(sum(self.seconds), 1e-9)

    @property
    def statements_a_match(self) -> float:
        """SQL statements for each match."""
        return self.statements / max(self.matches, 1)
