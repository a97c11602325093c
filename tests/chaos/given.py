"""What the chaos run submits: generated files, and what is known of them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaos.judge import answer_text
from rrm_queue.seeds import derive
from rrm_queue.strategies import named

_LONG = 10_000
"""Matches from which on tournaments are large."""

_SIZES = {"knockout": (16, 64), "elo": (7, 13)}
"""The largest tournament of a short and of a long run."""


@dataclass(frozen=True, slots=True)
class GivenTournament:
    """A line of the file."""

    key: str
    prompt: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GivenJob:
    """A file with how it is submitted; `seed` is the job's."""

    strategy: str
    seed: int
    votes: int
    tournaments: tuple[GivenTournament, ...]

    @property
    def matches(self) -> int:
        """How many its strategy takes."""
        strategy = named(self.strategy)
        return sum(strategy.matches(len(tournament.texts)) for tournament in self.tournaments)

    def write(self, file: Path) -> None:
        """Writes it as `rrmq submit` reads it."""
        with file.open("w") as lines:
            lines.writelines(line(tournament) for tournament in self.tournaments)


def line(tournament: GivenTournament) -> str:
    """The tournament as a line of the file."""
    candidates = [
        {"id": f"c{number}", "text": text} for number, text in enumerate(tournament.texts)
    ]
    row = {"id": tournament.key, "prompt": tournament.prompt, "candidates": candidates}
    return json.dumps(row) + "\n"


def jobs(seed: int, matches: int, votes: int) -> Sequence[GivenJob]:
    """A knockout and a round robin that together take about `matches` matches."""
    return [_job(strategy, seed, matches // 2, votes) for strategy in _SIZES]


def even_job(name: str, tournaments: int, *, size: int, strategy: str) -> GivenJob:
    """Tournaments of one size whose answers are worth more the later they stand; one vote each."""
    made = tuple(
        GivenTournament(
            f"{name}-{number}",
            f"Which answer to {name}-{number} is worth more?",
            tuple(answer_text(f"{name}-{number}", c, c) for c in range(size)),
        )
        for number in range(tournaments)
    )
    return GivenJob(strategy, 0, 1, made)


def _job(strategy: str, seed: int, matches: int, votes: int) -> GivenJob:
    largest = _SIZES[strategy][matches * 2 >= _LONG]
    tournaments: list[GivenTournament] = []
    left = matches
    for tournament in _tournaments(strategy, seed, largest):
        if left <= 0:
            break
        tournaments.append(tournament)
        left -= named(strategy).matches(len(tournament.texts))
    return GivenJob(strategy, derive(seed, strategy), votes, tuple(tournaments))


def _tournaments(strategy: str, seed: int, largest: int) -> Iterator[GivenTournament]:
    """Without end; sizes vary, so that brackets have byes and circles odd numbers."""
    number = 0
    while True:
        key = f"{strategy}-{number}"
        size = largest - derive(seed, key, "size") % max(1, largest // 4)
        texts = tuple(
            answer_text(f"{key} of {seed}", c, derive(seed, key, c) % 1000) for c in range(size)
        )
        yield GivenTournament(key, f"Which answer to {key} of {seed} is worth more?", texts)
        number += 1
