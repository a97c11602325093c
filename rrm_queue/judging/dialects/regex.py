r"""The dialect `regex:PATTERN`: the last match of a pattern of one's own.

The group `verdict`, else the first group, else the whole match must name an answer (`A`,
`Output (b)`, `tie`). A pattern may instead have the groups `first`, `second` and `tie`: the one
that took part is the verdict. The syntax is RE2's, which takes linear time whatever the text is:
patterns and texts come from others.
"""

import re
from functools import lru_cache
from typing import Any

from rrm_queue.errors import UsageFault
from rrm_queue.judging.dialects.base import (
    FIRST,
    NO_MARK,
    OFF_MENU,
    SECOND,
    TIE,
    Dialect,
    ParsedVerdict,
)
from rrm_queue.judging.dialects.marks import Mark, decided
from rrm_queue.judging.dialects.words import named

LONGEST_PATTERN = 500
_READ = 20_000
"""Characters at the end of a text that are searched: a pattern may look at each place once more."""
_MATCHES = 5_000
_MEMORY = 1 << 20  # bytes of a compiled pattern

_GROUPS = {"first": FIRST, "second": SECOND, "tie": TIE}
_LITERAL = re.compile(r"(?:\\[^\w\s]|[A-Za-z ])+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def regex_dialect(pattern: str) -> Dialect:
    """The dialect that searches `pattern`. Raises UsageFault for a pattern that RE2 refuses."""
    compiled = _compiled(pattern)
    return Dialect(
        f"regex:{pattern}",
        "what the pattern matches",
        lambda answer: _read(answer, compiled),
        lambda prompt: _asked_by(prompt, pattern),
        ties=True,
    )


@lru_cache(maxsize=32)
def _compiled(pattern: str) -> Any:
    if not pattern or len(pattern) > LONGEST_PATTERN:
        raise UsageFault(f"a pattern has 1 to {LONGEST_PATTERN} characters: regex:PATTERN")
    import re2  # few judges need it

    options = re2.Options()
    options.max_mem, options.log_errors = _MEMORY, False
    try:
        return re2.compile(_SURROGATE.sub("\ufffd", pattern), options)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if error.args else "it is refused"
        raise UsageFault(f"the pattern {pattern!r} is not RE2's syntax: {said}") from None


def _read(answer: str, compiled: Any) -> ParsedVerdict:
    text = _SURROGATE.sub("\ufffd", answer[-_READ:])
    marks: list[Mark] = []
    for found in compiled.finditer(text):
        marks.append(Mark(found.start(), found.end(), _said(found)))
        if len(marks) > _MATCHES:
            return OFF_MENU
    return decided(text, marks) or NO_MARK


def _said(found: Any) -> ParsedVerdict:
    groups = found.groupdict()
    if not groups.keys().isdisjoint(_GROUPS):
        took_part = [name for name in _GROUPS if groups.get(name) is not None]
        return _GROUPS[took_part[0]] if len(took_part) == 1 else OFF_MENU
    part = groups.get("verdict") or next((part for part in found.groups() if part), found[0])
    words = named(part)
    return words.verdict if words else OFF_MENU


def _asked_by(prompt: str, pattern: str) -> bool:
    """Whether the prompt has the longest word of the pattern; true where it has no word."""
    parts = [part.replace("\\", "").strip() for part in _LITERAL.findall(pattern)]
    longest = max((word for part in parts for word in part.split()), key=len, default="")
    return len(longest) < 3 or longest.casefold() in prompt.casefold()
