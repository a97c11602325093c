"""The options of a submission that have limits or a list of choices, each stated once.

The command line makes its options of these, and Python checks its arguments by them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from rrm_queue.domain import Launch, OnNoVerdict, OnRefused, Order, Seeding, Voting
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.intake.formats.base import Empty, Ids
from rrm_queue.intake.formats.labels import LabelNumbers
from rrm_queue.judging.dialects import NAMES as DIALECTS

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class WholeNumber:
    """An option that is a whole number from `low` to `high`."""

    name: str
    low: int
    high: int
    default: int
    help: str

    def checked(self, value: object) -> int:
        """The value, if it may be given. Raises UsageFault."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._refusal(value)
        if not self.low <= value <= self.high:
            raise self._refusal(value)
        return value

    def _refusal(self, value: object) -> UsageFault:
        limits = f" is a whole number from {self.low} to {self.high}, not {value!r}"
        return UsageFault(Message(Option(self.name), limits))


@dataclass(frozen=True, slots=True)
class Choice(Generic[Word]):
    """An option that is one of some words."""

    name: str
    words: type[Word]
    default: Word
    help: str

    def checked(self, value: str) -> Word:
        """The word. Raises UsageFault naming the words that there are."""
        try:
            return self.words(value)
        except ValueError as error:
            choices = f" is {', '.join(self.words)}, not {value!r}"
            raise UsageFault(Message(Option(self.name), choices)) from error


VOTES = WholeNumber("votes", 1, 1001, default=1, help="Votes a match.")

ORDER = Choice(
    "order",
    Order,
    Order.BALANCED,
    help="Which answer a vote shows first. balanced: each equally often over the tournament; "
    "fixed: the file's first; random: drawn from the seed; both: each equally often in every "
    "match.",
)

LAUNCH = Choice(
    "launch",
    Launch,
    Launch.WAVES,
    help="waves: cast only votes that are certainly needed. all: cast all at once and stop the "
    "rest when the match is decided.",
)

STOP = (
    "When a match has enough votes: after all of them, once it is decided, at a lead of M votes, "
    "or when the judge prefers the leading answer with probability P (0.9 if none is given). By "
    "default decided; never where people judge."
)
"""The help of the option `stop`; `lead:M` and `evidence:P` take a number behind it."""

ON_NO_VERDICT = Choice(
    "on_no_verdict",
    OnNoVerdict,
    OnNoVerdict.ABSTAIN,
    help="What a vote that stays without a verdict counts for.",
)

ON_REFUSED = Choice(
    "on_refused",
    OnRefused,
    OnRefused.FAIL,
    help="A match that the judge refuses for itself, such as one that is too long: it fails with "
    "its tournament; the longer answer loses; or it counts for neither side.",
)

RESAMPLES = WholeNumber(
    "resamples",
    0,
    10,
    default=Voting().resamples,
    help="How often a vote without a verdict is asked for again.",
)

DIALECT = f"How the judge writes its verdict: {', '.join(DIALECTS)}. By default as the judge does."
"""The help of the option `dialect`; `judging.dialects` checks its value."""

THINKS = "Whether the judge always reasons before a mark such as </think>. By default as it does."

CRITERIA = "What answers are judged by: a text for the slot {{ criteria }} of the judge's template."

SEED = WholeNumber("seed", 0, 2**63 - 1, default=0, help="Seed for every random choice.")

SEEDING = Choice(
    "seeding",
    Seeding,
    Seeding.RANDOM,
    help="The order of the answers in a bracket: drawn from the seed, or as the file gives them.",
)

PRIORITY = WholeNumber(
    "priority", 1, 100, default=1, help="The job's share of the workers, relative to other jobs."
)

EMPTY = Choice(
    "empty",
    Empty,
    Empty.REFUSE,
    help="Empty answers: refuse the file, drop the answer, or keep it.",
)

LABELS = Choice(
    "labels",
    LabelNumbers,
    LabelNumbers.NONE,
    help="What numbers as labels mean: the first answer is better, then the second. 1-2: 0 is a "
    "tie; 0-1: 2 is; 1-0: 0.5 is; minus-plus: below and above 0, which is a tie.",
)

IDS = Choice(
    "ids",
    Ids,
    Ids.GIVEN,
    help="What names a tournament: the id that the file gives, or the line on which it begins.",
)
