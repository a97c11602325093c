"""How a verdict is read from what a judge wrote: a registry, one file for each dialect.

To add a dialect, add a file with a `Dialect` and name it here. `docs/judges.md` has a table of them
with examples; tests read real judges' texts in every one of them.
"""

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache

from rrm_queue.errors import UsageFault
from rrm_queue.judging.dialects.answer_tag import ANSWER_TAG
from rrm_queue.judging.dialects.base import (
    NO_MARK,
    TRUNCATED,
    Dialect,
    ParsedVerdict,
)
from rrm_queue.judging.dialects.boxed import BOXED
from rrm_queue.judging.dialects.boxed_loose import BOXED_LOOSE
from rrm_queue.judging.dialects.brackets import BRACKETS
from rrm_queue.judging.dialects.graded import GRADED
from rrm_queue.judging.dialects.json_path import json_dialect
from rrm_queue.judging.dialects.output_ab import OUTPUT_AB
from rrm_queue.judging.dialects.regex import regex_dialect
from rrm_queue.judging.dialects.scores import SCORES
from rrm_queue.judging.dialects.thinking import END_OF_THINKING, answer_of

__all__ = ["END_OF_THINKING", "NAMES", "Dialect", "ParsedVerdict", "find_dialect", "read_verdict"]

_FIXED = {
    one.name: one for one in (BOXED, BOXED_LOOSE, BRACKETS, GRADED, SCORES, OUTPUT_AB, ANSWER_TAG)
}
_WITH_ARGUMENT: dict[str, Callable[[str], Dialect]] = {"json": json_dialect, "regex": regex_dialect}

NAMES = (*_FIXED, "json:PATH", "regex:PATTERN")
"""How the dialects are named; capitals stand for what the user puts there."""


@lru_cache(maxsize=64)
def find_dialect(name: str) -> Dialect:
    """The dialect of this name. Raises UsageFault for a name that there is not."""
    kind, colon, argument = name.partition(":")
    if colon and kind in _WITH_ARGUMENT:
        return _WITH_ARGUMENT[kind](argument)
    if name in _FIXED:
        return _FIXED[name]
    close = get_close_matches(name, (*_FIXED, *_WITH_ARGUMENT), n=1)
    meant = f"; did you mean {close[0]}?" if close else ""
    raise UsageFault(f"unknown dialect {name!r}{meant} There are {', '.join(NAMES)}")


def read_verdict(
    text: str, *, finished: bool, thinks: bool = True, dialect: str = BOXED.name
) -> ParsedVerdict:
    """The verdict in what a judge wrote, `first` being the answer that was shown first.

    `finished` is False when the judge was cut off by its budget. `thinks` says that the judge
    always reasons before a mark such as `</think>`, as RRM does: a text without it has no answer.
    For a judge that does not, a finished text without any such mark is the answer as a whole.
    Raises UsageFault for an unknown dialect.
    """
    answer = answer_of(text, finished=finished, thinks=thinks)
    if answer is None:
        return TRUNCATED
    found = find_dialect(dialect).read(answer)
    return TRUNCATED if found == NO_MARK and not finished else found
