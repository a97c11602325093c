"""The style of an answer in numbers: its length and its Markdown, as Arena-Hard counts them."""

import re

import numpy as np
from numpy.typing import NDArray

from rrm_queue.views.style import Control

FEATURES = {
    Control.LENGTH: ("length",),
    Control.STYLE: ("length", "headers", "list items", "bold"),
}
"""What is counted of each answer, in characters or pieces."""

_CODE = re.compile(r"```.*?(?:```|\Z)", re.S)
_HEADERS = re.compile(r"^#{1,6}\s", re.M)
_LIST_ITEMS = re.compile(r"^\s*(?:\d+\.|[-*+])\s", re.M)
_BOLD = re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__")


def style_of(text: str, control: Control) -> tuple[int, ...]:
    """The counts of FEATURES; Markdown inside fenced code does not count."""
    if control is Control.LENGTH:
        return (len(text),)
    prose = _CODE.sub("", text)
    marks = (_HEADERS, _LIST_ITEMS, _BOLD)
    return (len(text), *(sum(1 for _ in mark.finditer(prose)) for mark in marks))


def style_differences(
    ours: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The features of matches, and what they were divided by: a row a match, a column a feature.

    A feature is (a - b) / (a + b + 1) of the two counts, as Arena-Hard and Chatbot Arena have it,
    divided by its root mean square over all matches. They take the mean away as well; we do not,
    so that it does not matter which answer of a match is called first.
    """
    shares = (ours - others) / (ours + others + 1)
    scales = np.sqrt((shares**2).mean(axis=0)) if len(shares) else np.ones(shares.shape[1])
    scales = np.where(scales > 0, scales, 1.0)
    return shares / scales, scales
