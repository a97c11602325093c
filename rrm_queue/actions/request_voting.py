"""The options of a submission that say how a match is voted on, and for how many votes."""

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from rrm_queue.actions import options
from rrm_queue.actions.formatting import EVIDENCE
from rrm_queue.domain import Order, Stop, Voting
from rrm_queue.errors import Message, Option, UsageFault
from rrm_queue.judging.evidence import least_lead

if TYPE_CHECKING:
    from rrm_queue.actions.request import SubmitOptions

USUAL_EVIDENCE = 0.9
MOST_EVIDENCE = 0.9999

MOST_BUDGET = 999_999
"""The most votes that may be given for a tournament."""


def voting_of(given: "SubmitOptions", *, by_people: bool = False) -> Voting:
    """How a match is voted on. Raises UsageFault for options that contradict each other.

    Where people judge, every match gets all its votes: how far they agree is a result too.
    """
    votes = options.VOTES.checked(given.votes)
    order = options.ORDER.checked(given.order)
    usual = Stop.NEVER if by_people else Stop.DECIDED
    stop, lead, evidence = _stop(given.stop or usual, votes)
    if order is Order.BOTH and votes % 2:
        both = Option("order", order.value)
        raise UsageFault(Message(both, " takes an even number of ", Option("votes")))
    judges = 1 if isinstance(given.judge, str) else len(given.judge)
    return Voting(
        votes=votes * judges,
        order=order,
        launch=options.LAUNCH.checked(given.launch),
        stop=stop,
        lead=lead,
        on_no_verdict=options.ON_NO_VERDICT.checked(given.on_no_verdict),
        on_refused=options.ON_REFUSED.checked(given.on_refused),
        resamples=options.RESAMPLES.checked(given.resamples),
        keep_going=given.keep_going,
        judges=judges,
        evidence=evidence,
    )


def _stop(text: str, votes: int) -> tuple[Stop, int, float]:
    """When a match stops, the lead and the evidence. Raises UsageFault."""
    word, _, number = text.partition(":")
    if word == EVIDENCE:
        evidence = _checked_evidence(number) if text != EVIDENCE else USUAL_EVIDENCE
        return Stop.LEAD, least_lead(evidence), evidence
    if word == Stop.LEAD:
        if not number.isdecimal() or not 1 <= int(number) <= votes:
            lead = Option("stop", "lead:M")
            limits = " needs a lead M between 1 and the number of "
            raise UsageFault(Message(lead, limits, Option("votes")))
        return Stop.LEAD, int(number), 0.0
    if text not in (Stop.DECIDED, Stop.NEVER):
        words = f" is never, decided, lead:M or evidence:P, not '{text}'"
        raise UsageFault(Message(Option("stop"), words))
    return Stop(text), 0, 0.0


def _checked_evidence(text: str) -> float:
    number = math.nan
    with suppress(ValueError):
        number = float(text)
    if not 0.5 < number <= MOST_EVIDENCE:
        given = Option("stop", "evidence:P")
        limits = f" needs a probability P above 0.5 and at most {MOST_EVIDENCE}, not '{text}'"
        raise UsageFault(Message(given, limits))
    return number


def most_matches(budget: int | None, voting: Voting) -> int | None:
    """How many matches a budget of votes is, if each takes all of its votes.

    Raises UsageFault for a budget that is not enough for one.
    """
    if budget is None:
        return None
    if isinstance(budget, bool) or not voting.votes <= budget <= MOST_BUDGET:
        limits = f" is a number of votes from {voting.votes:,}, the votes of a match, to "
        raise UsageFault(Message(Option("budget"), f"{limits}{MOST_BUDGET:,}, not {budget}"))
    return budget // voting.votes
