"""The options of a submission that say how a match is voted on, and for how many votes."""

from typing import TYPE_CHECKING

from rrm_queue.actions import options
from rrm_queue.domain import Order, Stop, Voting
from rrm_queue.errors import Message, Option, UsageFault

if TYPE_CHECKING:
    from rrm_queue.actions.request import SubmitOptions

MOST_BUDGET = 999_999
"""The most votes that may be given for a tournament."""


def voting_of(given: "SubmitOptions", *, by_people: bool = False) -> Voting:
    """How a match is voted on. Raises UsageFault for options that contradict each other.

    Where people judge, every match gets all its votes: how far they agree is a result too.
    """
    votes = options.VOTES.checked(given.votes)
    order = options.ORDER.checked(given.order)
    usual = Stop.NEVER if by_people else Stop.DECIDED
    stop, lead = _stop(given.stop or usual, votes)
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
    )


def _stop(text: str, votes: int) -> tuple[Stop, int]:
    word, _, number = text.partition(":")
    if word == Stop.LEAD:
        if not number.isdecimal() or not 1 <= int(number) <= votes:
            lead = Option("stop", "lead:M")
            limits = " needs a lead M between 1 and the number of "
            raise UsageFault(Message(lead, limits, Option("votes")))
        return Stop.LEAD, int(number)
    if text not in (Stop.DECIDED, Stop.NEVER):
        raise UsageFault(Message(Option("stop"), f" is never, decided or lead:M, not '{text}'"))
    return Stop(text), 0


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
