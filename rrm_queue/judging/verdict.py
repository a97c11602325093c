r"""What a judge's text says: the last `\boxed{...}` after `</think>`, or why there is no verdict.

The rule is RRM's: `Assistant 1` or `Assistant 2` and nothing else (arXiv 2505.14674, model card).
"""

from typing import NamedTuple

from rrm_queue.domain import NoVerdict, Verdict
from rrm_queue.judging.boxed import last_boxed

END_OF_THINKING = "</think>"


class ParsedVerdict(NamedTuple):
    """The verdict in a text; `no_verdict` says why there is none."""

    verdict: Verdict
    no_verdict: NoVerdict | None = None


def read_verdict(text: str, *, finished: bool, thinks: bool = True) -> ParsedVerdict:
    """The verdict in what a judge wrote, `first` being Assistant 1.

    `finished` is False when the judge was cut off by its budget. `thinks` says that the judge
    reasons before `</think>`, as RRM does: a text without that mark has no answer. For a judge that
    does not, a finished text without the mark is the answer as a whole.
    """
    answer = _answer(text, finished=finished, thinks=thinks)
    if answer is None:
        return ParsedVerdict(Verdict.NONE, NoVerdict.TRUNCATED)
    box = last_boxed(answer)
    if box is None:
        return ParsedVerdict(Verdict.NONE, NoVerdict.NO_BOX if finished else NoVerdict.TRUNCATED)
    match box.strip():
        case "Assistant 1":
            return ParsedVerdict(Verdict.FIRST)
        case "Assistant 2":
            return ParsedVerdict(Verdict.SECOND)
        case _:
            return ParsedVerdict(Verdict.NONE, NoVerdict.OFF_MENU)


def _answer(text: str, *, finished: bool, thinks: bool) -> str | None:
    """The part of the text that is the answer; None when the judge did not reach it."""
    _, mark, answer = text.rpartition(END_OF_THINKING)
    if mark:
        return answer
    still_thinking = thinks or not finished or text.lstrip().startswith("<think>")
    return None if still_thinking else text
