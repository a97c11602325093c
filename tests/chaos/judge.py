"""The judge of the chaos run: what it says depends on the texts, their order and the seed alone.

So every vote can be told beforehand, whoever asks for it and however often.
"""

import re

from rrm_queue.domain import Verdict
from rrm_queue.seeds import derive

_WORTH = re.compile(r"worth (\d+)\.")

_BIASED = 6
"""One pair in so many is judged by its order alone: whoever stands first wins, or second."""

_UPSET = 7
"""One vote in so many of the others goes to the lesser answer."""

_MUTE = 40
"""One sample in so many holds no verdict and is asked for again."""


def answer_text(tournament: str, number: int, worth: int) -> str:
    """A candidate's text, which says what it is worth."""
    return f"Answer {number} to {tournament} is worth {worth}."


def sample(one: str, two: str, seed: int) -> Verdict:
    """What one request says of the texts in slots 1 and 2."""
    if derive("mute", one, two, seed) % _MUTE == 0:
        return Verdict.NONE
    low, high = sorted((one, two))
    if derive("bias", low, high) % _BIASED == 0:
        return Verdict.FIRST if derive("side", low, high) & 1 else Verdict.SECOND
    better = _worth(one) > _worth(two)
    upset = derive("upset", one, two, seed) % _UPSET == 0
    return Verdict.FIRST if better is not upset else Verdict.SECOND


def written(verdict: Verdict, seed: int) -> str:
    """The verdict as a reasoning model writes it."""
    thoughts = f"<think>\nLet me weigh the two, starting from {seed}.\n</think>\n\n"
    match verdict:
        case Verdict.FIRST:
            return thoughts + r"\boxed{Assistant 1}"
        case Verdict.SECOND:
            return thoughts + r"\boxed{Assistant 2}"
        case _:
            return thoughts + "Both have their merits."


def tokens(one: str, two: str, seed: int) -> tuple[int, int, int]:
    """What a request costs: prompt tokens, those of them that were cached, completion tokens."""
    prompt = 300 + len(one) + len(two)
    return prompt, derive("cached", one, two, seed) % prompt, 20 + derive("length", seed) % 500


def _worth(text: str) -> int:
    found = _WORTH.search(text)
    if found is None:
        raise ValueError(f"no answer of the chaos run: {text!r}")
    return int(found[1])
