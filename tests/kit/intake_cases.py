"""Small files of the shapes that public data sets have, and what must be read from them."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rrm_queue.domain import Label, Tournament
from rrm_queue.errors import Problem
from rrm_queue.intake.mapping import parse_mapping
from rrm_queue.intake.reader import RowReader, Source, read

CASES = Path(__file__).parents[3] / "shared" / "cases"


class Read(NamedTuple):
    """What a tournament says; `preferred` are the ids of the better answers of its pairs."""

    key: str
    prompt: str
    answers: dict[str, str]
    preferred: list[str | None]


def read_case(*names: str, **options: Any) -> list[Read]:
    """The tournaments in files of the folder of cases, none of which may have a problem."""
    return [told(item) for item in case_reader(*names, **options)]


def refusals(*names: str, **options: Any) -> list[str]:
    """The problems of files of the folder of cases."""
    return [str(item) for item in case_reader(*names, **options) if isinstance(item, Problem)]


def case_reader(*names: str, mapped: tuple[str, ...] = (), **options: Any) -> RowReader:
    """Reads cases; skips the test where their folder is not there."""
    if not CASES.is_dir():
        pytest.skip(f"there is no {CASES}")
    sources = [Source(name, (CASES / name).open("rb")) for name in names]
    return read(sources, mapping=parse_mapping(mapped), **options)


def told(item: Tournament | Problem) -> Read:
    """What a tournament says, whatever the order of its candidates; raises a Problem."""
    if isinstance(item, Problem):
        raise item
    keys = [one.key for one in item.candidates]
    preferred = [
        {Label.FIRST: keys[pair.first], Label.SECOND: keys[pair.second], Label.TIE: "tie"}[
            pair.label
        ]
        if pair.label is not None
        else None
        for pair in item.pairs
    ]
    answers = {one.key: one.text for one in sorted(item.candidates, key=lambda one: one.key)}
    return Read(item.key, item.prompt, answers, preferred)


def generators(item: Tournament) -> list[str | None]:
    """Who wrote the candidates."""
    return [one.generator for one in item.candidates]
