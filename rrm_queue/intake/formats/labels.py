"""The labels by which data sets of two answers say which one is better."""

import re
from enum import StrEnum

from rrm_queue.domain import Label
from rrm_queue.errors import Message, Option, Problem
from rrm_queue.intake.formats.fields import Row, is_absent, is_text, score, text


class LabelNumbers(StrEnum):
    """What numbers say which answer is better: that of the first answer, then of the second.

    `none`: a number is no label.
    """

    NONE = "none"
    ONE_TWO = "1-2"
    ZERO_ONE = "0-1"
    ONE_ZERO = "1-0"
    MINUS_PLUS = "minus-plus"
    PLUS_MINUS = "plus-minus"


_EXACT: dict[LabelNumbers, dict[float, Label]] = {
    LabelNumbers.ONE_TWO: {1: Label.FIRST, 2: Label.SECOND, 0: Label.TIE},
    LabelNumbers.ZERO_ONE: {0: Label.FIRST, 1: Label.SECOND, 2: Label.TIE},
    LabelNumbers.ONE_ZERO: {1: Label.FIRST, 0: Label.SECOND, 0.5: Label.TIE},
}
"""Sources: PandaLM and LLMBar (`1-2`, 0 for a tie), Auto-J (`0-1`, 2 for a tie), SHP (`1-0`)."""

_WORDS = (
    dict.fromkeys(("a", "modela", "assistanta", "responsea", "model1", "response1"), Label.FIRST)
    | dict.fromkeys(("b", "modelb", "assistantb", "responseb", "model2", "response2"), Label.SECOND)
    | dict.fromkeys(("tie", "tiebothbad", "bothbad", "bothgood", "draw", "equal"), Label.TIE)
)
"""Words in lower case without what may stand between their parts.

`a`, `b` and `tie` are ours and PandaLM's; the others are those of Chatbot Arena and MT-bench.
"""

_BETWEEN = re.compile(r"[\s_()\-\[\]]+")
_SIGNS = re.compile(r"(?:a(?P<sign>>{1,3}|<{1,3}|={1,2})b)|(?:b(?P<turned>>{1,3}|<{1,3}|={1,2})a)")
"""JudgeBench's and Arena-Hard's labels, such as `A>B`, `B>>A` and `A=B`."""

_EXPECTED = "'a', 'b', 'tie', 'model_a', 'model_b', 'both_bad', 'A>B', 'A=B' or 'B>A'"

_NAMES = {Label.FIRST: "a", Label.SECOND: "b", Label.TIE: "tie"}

KEYS = ("label", "winner")

ONE_HOT = {
    "winner_model_a": Label.FIRST,
    "winner_model_b": Label.SECOND,
    "winner_tie": Label.TIE,
}
"""The columns of LMSYS's competition at Kaggle; the one with a 1 says who won."""


def label(
    row: Row, keys: tuple[str, ...] = KEYS, numbers: LabelNumbers = LabelNumbers.NONE
) -> Label | None:
    """The label under the first of the keys that has a value; None when none has one."""
    for key in keys:
        if not is_absent(row.get(key)):
            return read_label(row[key], key, numbers)
    return one_hot(row)


def read_label(value: object, key: str, numbers: LabelNumbers) -> Label:
    """The label that a value is. Raises Problem for any other value."""
    if is_text(value) and (word := _word(value)) is not None:
        return word
    number = _number(value)
    if number is None:
        said = text(value, key)
        raise Problem(f"`{key}` is {said[:100]!r}, expected one of {_EXPECTED}")
    if numbers is LabelNumbers.NONE:
        raise Problem(_unexplained(value, key))
    found = _numbered(number, numbers)
    if found is None:
        expected = ", ".join(f"{known:g}" for known in _EXACT[numbers])
        raise Problem(f"`{key}` is {number:g}, expected one of {expected}")
    return found


def worded(row: Row, keys: tuple[str, ...], numbers: LabelNumbers) -> dict[str, object]:
    """The row with its numbers under the keys as the words that they stand for."""
    values = dict(row)
    for key in keys:
        if _number(row.get(key)) is not None:
            values[key] = _NAMES[read_label(row[key], key, numbers)]
    return values


def one_hot(row: Row) -> Label | None:
    """The label that one of three columns marks; None without a mark."""
    marked = [
        said
        for key, said in ONE_HOT.items()
        if not is_absent(row.get(key)) and _marks(row[key], key)
    ]
    if len(marked) > 1:
        raise Problem("several of `winner_model_a`, `winner_model_b` and `winner_tie` are marked")
    return marked[0] if marked else None


def _marks(value: object, key: str) -> bool:
    number = _number(value)
    if number is None and is_text(value):
        return value.strip().lower() == "true"
    return score(value, key) != 0 if number is None else number != 0


def _word(value: str) -> Label | None:
    word = _BETWEEN.sub("", value.lower())
    if word in _WORDS:
        return _WORDS[word]
    if (signs := _SIGNS.fullmatch(word)) is None:
        return None
    sign = (signs["sign"] or signs["turned"])[0]
    if sign == "=":
        return Label.TIE
    return Label.FIRST if (sign == ">") is (signs["turned"] is None) else Label.SECOND


def _number(value: object) -> float | None:
    """The number that a value is or, in a cell of CSV, is written as."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return score(float(value), "") if isinstance(value, str) else score(value, "")
    except (ValueError, Problem):
        return None


def _numbered(number: float, numbers: LabelNumbers) -> Label | None:
    if numbers in _EXACT:
        return _EXACT[numbers].get(number)
    if number == 0:
        return Label.TIE
    return Label.FIRST if (number < 0) is (numbers is LabelNumbers.MINUS_PLUS) else Label.SECOND


def _unexplained(value: object, key: str) -> str:
    others = ", ".join(list(LabelNumbers)[2:])
    says = Option("labels", LabelNumbers.ONE_TWO.value)
    what = f"{value!r}" if isinstance(value, int) else f"'{value}'"
    return Message(f"`{key}` is the number {what}; say what numbers mean: ", says, f", or {others}")
