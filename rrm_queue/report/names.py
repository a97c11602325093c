"""Names cut to the room that there is."""

from unicodedata import east_asian_width

DOTS = "…"


def cells(text: str) -> int:
    """How many columns of a fixed pitch a text takes, as terminals count: wide characters two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def shortened(name: str, width: int) -> str:
    """`name` in at most `width` columns, its middle left out: the ends tell names apart best."""
    if cells(name) <= width:
        return name
    head = _beginning(name, width // 2)
    tail = _beginning(name[::-1], width - 1 - cells(head))[::-1]
    return head + DOTS + tail


def beginning(text: str, most: int) -> str:
    """The text on one line, its first `most` characters, marked where more follows."""
    line = " ".join(text[: 4 * most].split())
    if len(line) <= most and len(text) <= 4 * most:
        return line
    return line[:most].rstrip() + DOTS


def _beginning(name: str, width: int) -> str:
    end = taken = 0
    for character in name:
        taken += cells(character)
        if taken > width:
            break
        end += 1
    return name[:end]
