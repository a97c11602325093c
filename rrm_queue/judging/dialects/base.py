"""What a dialect is: how a judge says its verdict, and how that is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from rrm_queue.domain import NoVerdict, Verdict


class ParsedVerdict(NamedTuple):
    """The verdict in a text; `no_verdict` says why there is none.

    `margin` is by how much an answer is better, where the dialect says it: 1 slightly, 2 clearly; 0
    where it is not said.
    """

    verdict: Verdict
    no_verdict: NoVerdict | None = None
    margin: int = 0


FIRST = ParsedVerdict(Verdict.FIRST)
SECOND = ParsedVerdict(Verdict.SECOND)
TIE = ParsedVerdict(Verdict.TIE)
NO_MARK = ParsedVerdict(Verdict.NONE, NoVerdict.NO_BOX)
"""The text has no mark of the dialect."""
OFF_MENU = ParsedVerdict(Verdict.NONE, NoVerdict.OFF_MENU)
"""The text has a mark that names neither answer, or several that contradict each other."""
TRUNCATED = ParsedVerdict(Verdict.NONE, NoVerdict.TRUNCATED)
"""The text ends before the judge has answered."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to say a verdict. `mark` is an example of what is read, for messages and docs.

    `read` takes a judge's answer without its reasoning. It is a pure function, and its time grows
    in proportion to the text. `asked_by` tells whether a prompt asks for the mark.
    """

    name: str
    mark: str
    read: Callable[[str], ParsedVerdict]
    asked_by: Callable[[str], bool]
    ties: bool = False
    """Whether a judge may say tie in this dialect."""
    one_token: bool = True
    """Whether one token of the mark tells the answers apart, so that its logprobs say how sure."""
