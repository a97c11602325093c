"""Text and numbers in the form in which they are shown."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isnan
from unicodedata import east_asian_width


def printable(text: str) -> str:
    r"""`text` with every character that a terminal would obey or hide written out, such as `\x1b`.

    Ids, names and errors come from other people's files and servers.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def first_line(error: BaseException) -> str:
    """What went wrong, in one line: the error's first line, or its type where it has no text.

    PostgreSQL, for one, adds the part of the statement below that line.
    """
    return (str(error).strip() or type(error).__name__).split("\n", 1)[0]


def count(number: int, noun: str) -> str:
    """Such as `1,240 matches` and `1 match`."""
    plural = noun + ("es" if noun.endswith("ch") else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def listed(names: Iterable[str]) -> str:
    """Such as `a`, `a and b`, `a, b and c`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def did_you_mean(word: str, known: Sequence[str] | Mapping[str, str], least: float = 0.6) -> str:
    """Such as `; did you mean elo?` for the known word that is most like it; empty for none.

    Of a mapping it is the value that is shown. `least` is how like the two must be, from 0 to 1
    (difflib's ratio).
    """
    from difflib import get_close_matches  # only errors need it

    shown = known if isinstance(known, Mapping) else {name: name for name in known}
    close = get_close_matches(word, shown, n=1, cutoff=least)
    return f"; did you mean {printable(shown[close[0]])}?" if close else ""


def magnitude(number: int) -> str:
    """A count in at most five characters, such as `950`, `12.3k`, `4.6M`."""
    if number < 1000:
        return str(number)
    scaled, units = number / 1000, iter("kMGT")
    unit = next(units)
    while scaled >= 999.5 and (larger := next(units, "")):
        scaled, unit = scaled / 1000, larger
    return f"{scaled:.1f}{unit}" if scaled < 99.95 else f"{scaled:.0f}{unit}"


def duration(seconds: float) -> str:
    """A length of time in at most two units, such as `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def byte_size(size: int) -> str:
    """A number of bytes in decimal units, such as `500 MB` and `1.5 GB`."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


def percent(share: float) -> str:
    """A share as a percentage without its sign, such as `12.5`; empty for NaN."""
    return "" if isnan(share) else f"{100 * share:.1f}"


def chance(probability: float) -> str:
    """A probability that is never certain, such as `98.2 %`, `> 99.9 %` and `< 0.1 %`."""
    if probability > 0.999:
        return "> 99.9 %"
    return "< 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


def rating_interval(low: float, high: float, undefeated: bool, winless: bool) -> str:
    """A rating's interval, open on the side where only the prior ends it."""
    if undefeated:
        return f"> {low:.0f}"
    if winless:
        return f"< {high:.0f}"
    return f"{low:.0f} to {high:.0f}"


def rank_range(best: int, worst: int) -> str:
    """The possible ranks, such as `2-4`."""
    return str(best) if best == worst else f"{best}-{worst}"


def cells(text: str) -> int:
    """How many columns of a fixed pitch a text takes: wide characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def shortened(name: str, width: int, dots: str = "…", measure: Callable[[str], int] = cells) -> str:
    """`name` in at most `width` columns, by `measure`; its middle is left out.

    The ends tell names apart best.
    """
    if measure(name) <= width:
        return name
    room = width - measure(dots)
    head = _beginning(name, (room + 1) // 2, measure)
    tail = _beginning(name[::-1], room - measure(head), measure)[::-1]
    return head + dots + tail


def beginning(text: str, most: int) -> str:
    """The text on one line: its first `most` characters, with an ellipsis where more follows."""
    line = " ".join(text[: 4 * most].split())
    if len(line) <= most and len(text) <= 4 * most:
        return line
    return line[:most].rstrip() + "…"


def _beginning(name: str, width: int, measure: Callable[[str], int]) -> str:
    taken = 0
    for end, character in enumerate(name):
        taken += measure(character)
        if taken > width:
            return name[:end]
    return name
