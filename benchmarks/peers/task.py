"""What every tool judges: all pairs of each prompt's answers, with one prompt for the judge.

Needs nothing but Python, as it is loaded in each tool's own environment.
"""

import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ADDRESS = os.environ.get("JUDGE_URL", "")
"""The judge's base URL."""

IN_FLIGHT = int(os.environ.get("IN_FLIGHT", "64"))
"""Requests at the judge at once, at most."""

SAMPLING = {"temperature": 0.6, "max_tokens": 4096}
CHARACTERS = 600
"""Of each prompt and each answer."""

_FILLER = "so the sum is as it was said to be, and the rest follows from it; "
_SYSTEM = "You compare two answers to one question and say which of them is better. " + (
    "Judge what is said, and neither the length of an answer, nor its place, nor its style. " * 14
)


class Pair(NamedTuple):
    """Two answers to one prompt; `name` is the same in every tool."""

    name: str
    prompt: str
    first: str
    second: str


def write_answers(file: Path, prompts: int, answers: int) -> int:
    """Writes `prompts` lines of `answers` each; returns how many pairs they have."""
    with file.open("w") as lines:
        for p in range(prompts):
            texts = [_text(f"p{p:03}/a{a:02}") for a in range(answers)]
            row = {"id": f"p{p:03}", "prompt": _text(f"p{p:03}"), "candidates": texts}
            lines.write(json.dumps(row) + "\n")
    return prompts * answers * (answers - 1) // 2


def read_pairs(file: str) -> Iterator[Pair]:
    """All pairs of the file, in its order."""
    for row in read_rows(file):
        for i, j in itertools.combinations(range(len(row["candidates"])), 2):
            one, two = row["candidates"][i], row["candidates"][j]
            yield Pair(f"{row['id']}-{i}-{j}", row["prompt"], one, two)


def read_rows(file: str) -> Iterator[dict]:  # type: ignore[type-arg]  # JSON, as it comes
    """The file's lines."""
    with Path(file).open() as lines:
        yield from map(json.loads, lines)


def messages(prompt: str, first: str, second: str) -> list[dict[str, str]]:
    """What the judge is asked, in about as many characters as rrmq's own prompt."""
    asked = (
        f"# Question\n\n{prompt}\n\n# Answer 1\n\n{first}\n\n# Answer 2\n\n{second}\n\n"
        "Think it over, then end with \\boxed{Assistant 1} or \\boxed{Assistant 2}."
    )
    return [{"role": "system", "content": _SYSTEM}, {"role": "user", "content": asked}]


def verdict(said: str) -> int | None:
    """1 or 2, as the last box says; None without a box."""
    places = {place: n for n in (1, 2) if (place := said.rfind(f"\\boxed{{Assistant {n}}}")) >= 0}
    return places[max(places)] if places else None


def finished(judged: int) -> None:
    """Says how many judgements the tool has in its result: its last line."""
    print(judged, "judgements")


def _text(name: str) -> str:
    return f"This is {name}: {_FILLER * (1 + CHARACTERS // len(_FILLER))}"[:CHARACTERS]
