"""Whether two final answers are the same: as texts, as numbers, as lists, else as mathematics."""

from collections.abc import Callable
from fractions import Fraction
from typing import Final

from rrm_queue.judging.engines.reference.answer import Answer, Number, items_of
from rrm_queue.judging.engines.reference.expression import in_math_mode
from rrm_queue.judging.engines.reference.units import agree

SameExpression = Callable[[str, str], bool]
"""Compares two expressions in LaTeX: the reference's and the answer's."""

_SIX_DECIMALS: Final = Fraction(1, 2_000_000)
_NEAR: Final = Fraction(1, 100_000)
_AXES: Final = frozenset("xyz")


def same(right: Answer, said: Answer, same_expression: SameExpression) -> bool:
    """Whether `said` is the reference `right`; expressions are left to `same_expression`.

    An option's letter decides where both sides have one. `x = 3` and `y = 3` are two lines.
    """
    if right.name != said.name and {right.name, said.name} <= _AXES:
        return False
    if right.option and said.option:
        return right.option == said.option
    if right.text == said.text:
        return True
    if not agree(right.unit, said.unit):
        return False
    if right.number and said.number and _has_letter(right, said):
        return _same_number(right.number, said.number)
    if (pair := _lists(right, said)) is not None:
        return _same_lists(*pair, right.brackets, said.brackets, same_expression)
    one, two = in_math_mode(right.expression), in_math_mode(said.expression)
    return one is not None and two is not None and same_expression(one, two)


def _has_letter(right: Answer, said: Answer) -> bool:
    """Whether the letters behind the numbers fit: `2 n` is not 2, but `5 m` is 5 metres, and 5."""
    if right.letter:
        return right.letter == said.letter or said.unit == {right.letter}
    return not said.letter or not right.unit or right.unit == {said.letter}


def _same_number(right: Number, said: Number) -> bool:
    """Whether two numbers are equal, to six decimals where one of them is rounded.

    `50%` is `50` and `0.5`: references are written in both ways.
    """
    if right.percent == said.percent:
        return _equal(right, said, Fraction(1))
    percent, plain = (right, said) if right.percent else (said, right)
    return _equal(percent, plain, Fraction(1)) or _equal(percent, plain, Fraction(1, 100))


def _equal(one: Number, two: Number, scale: Fraction) -> bool:
    value = one.value * scale
    apart = abs(value - two.value)
    if not (one.rounded or two.rounded):
        return not apart
    return apart <= min(_SIX_DECIMALS, _NEAR * max(abs(value), abs(two.value)))


def _lists(right: Answer, said: Answer) -> tuple[tuple[Answer, ...], tuple[Answer, ...]] | None:
    """The items of both, where both are lists; the commas of `100,200` may separate two numbers."""
    if not right.items and not said.items:
        return None
    one = right.items or (items_of(right.text) if right.thousands else ())
    two = said.items or (items_of(said.text) if said.thousands else ())
    return (one, two) if one and two else None


def _same_lists(
    right: tuple[Answer, ...],
    said: tuple[Answer, ...],
    around_right: str,
    around_said: str,
    same_expression: SameExpression,
) -> bool:
    """Whether two lists are the same: in order within round or square brackets, else in any."""
    if len(right) != len(said) or not _same_brackets(around_right, around_said):
        return False
    if {around_right, around_said} - {"", "{}"}:
        pairs = zip(right, said, strict=True)
        return all(_same_item(one, two, same_expression) for one, two in pairs)
    left = list(said)
    for one in right:
        found = next((two for two in left if _same_item(one, two, same_expression)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _same_brackets(right: str, said: str) -> bool:
    bare = "" in {right, said} and {right, said} <= {"", "()", "{}", "[]"}
    return right == said or bare


def _same_item(right: Answer, said: Answer, same_expression: SameExpression) -> bool:
    named_apart = right.name and said.name and right.name != said.name
    return not named_apart and same(right, said, same_expression)
