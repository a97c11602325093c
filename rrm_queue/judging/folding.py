"""Text as a reader sees it: look-alike characters folded to ASCII, invisible ones dropped.

A judge reads `### Assistant 2` even when its signs are full-width and its A is Cyrillic. So forged
marks are searched for in the folded text. `origins` then gives their places in the original text.
Sources: compatibility forms of Unicode (NFKC), and the confusables of Unicode TR 39 in the library
confusable-homoglyphs.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

_BARS = "\u01c0\u2223\u2502\u2503\u2758\u23fd\uffe8\u2016\u2225"
"""Vertical bars, as in control tokens. TR 39 lists them as look-alikes of the letter l."""

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0")
"""Invisible fillers and joiners that no Unicode category tells apart from visible ones."""


class Folded(NamedTuple):
    """Folded text. `origins` holds the place of each of its characters in the original text."""

    text: str
    origins: Sequence[int]


def fold(text: str) -> Folded:
    """The text folded. ASCII stays as it is."""
    if text.isascii():
        return Folded(text, range(len(text)))
    parts = [character if character.isascii() else _folded(character) for character in text]
    origins = [place for place, part in enumerate(parts) for _ in part]
    return Folded("".join(parts), origins)


@cache
def _folded(character: str) -> str:
    """The characters that a reader sees; empty for an invisible character."""
    if character in _BARS:
        return "|"
    plain = unicodedata.normalize("NFKC", character)
    if plain.isascii():
        return plain
    if _is_invisible(character):
        return ""
    return _look_alike(character) or character


def _is_invisible(character: str) -> bool:
    """Whether the character is invisible: a format, a filler, or a mark on another character."""
    return character in _INVISIBLE or unicodedata.category(character) in ("Cf", "Mn", "Me")


def _look_alike(character: str) -> str | None:
    """The ASCII character that this one looks like; None when there is none."""
    from confusable_homoglyphs.confusables import confusables_data

    found = (entry["c"] for entry in confusables_data.get(character, ()))
    return next((one for one in found if len(one) == 1 and one.isascii()), None)
