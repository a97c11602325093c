"""`--map KEY=COLUMN`: a file's own names for the keys that the formats read."""

from collections.abc import Iterable, Mapping
from typing import Any

from rrm_queue.errors import Message, Option, Problem, UsageFault
from rrm_queue.intake.formats import KEYS
from rrm_queue.intake.formats.fields import Row
from rrm_queue.text import printable

SHOWN_KEYS = 12


def parse_mapping(words: Iterable[str]) -> dict[str, str]:
    """The columns under the keys they stand for, out of words such as `prompt=question`.

    Raises UsageFault for a word that is not so made, and for a key that no format reads.
    """
    mapping: dict[str, str] = {}
    for word in words:
        key, sign, column = word.partition("=")
        option = Option("mapping", word)
        if not sign or not key or not column:
            raise UsageFault(Message(option, ": expected KEY=COLUMN, such as prompt=question"))
        if not is_known(key):
            raise UsageFault(Message(option, f": no format reads {key!r}; see docs/input.md"))
        if key in mapping:
            raise UsageFault(Message(Option("mapping"), f" names two columns for {key!r}"))
        mapping[key] = column
    return mapping


def is_known(key: str) -> bool:
    """Whether some format reads the key."""
    return key in KEYS or (key.startswith("response_") and key[9:].isdecimal())


def renamed(row: Row, mapping: Mapping[str, str]) -> dict[str, Any]:
    """The row with its columns under the keys that they stand for."""
    columns = set(mapping.values())
    named = {key: value for key, value in row.items() if key not in columns}
    named.update((key, row[column]) for key, column in mapping.items() if column in row)
    return named


def refuse_missing_columns(row: Row, mapping: Mapping[str, str]) -> None:
    """Raises Problem when a mapped column is not in the file's first row."""
    for key, column in mapping.items():
        if column not in row:
            there = f": there is no {column!r} among {shown_keys(row)}"
            raise Problem(Message(Option("mapping", f"{key}={column}"), there))


def shown_keys(row: Row) -> str:
    """A row's keys for a message, not all of very many."""
    names = [f"`{printable(key[:50])}`" for key in list(row)[:SHOWN_KEYS]]
    return ", ".join([*names, "…"] if len(row) > SHOWN_KEYS else names)
