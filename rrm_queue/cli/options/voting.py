"""The options of `rrmq submit` that say how a match is voted on."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import click

from rrm_queue.domain import Launch, OnNoVerdict, Order, Stop, Voting
from rrm_queue.errors import UsageFault

Command = TypeVar("Command", bound=Callable[..., Any])

MOST_VOTES = 1001
MOST_RESAMPLES = 10


def _choice(words: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in words])


OPTIONS = (
    click.option("--votes", type=click.IntRange(1, MOST_VOTES), default=1, help="Votes a match."),
    click.option(
        "--order",
        type=_choice(Order),
        default=Order.BALANCED.value,
        help="Which answer a vote shows first: each equally often over the tournament, the file's "
        "first, a coin's choice, or both equally often in every match.",
    ),
    click.option(
        "--launch",
        type=_choice(Launch),
        default=Launch.WAVES.value,
        help="Cast only votes that are needed whatever happens, or all at once and stop the rest.",
    ),
    click.option(
        "--stop",
        default=Stop.DECIDED.value,
        metavar="never|decided|lead:M",
        help="When a match has enough votes.",
    ),
    click.option(
        "--on-no-verdict",
        type=_choice(OnNoVerdict),
        default=OnNoVerdict.ABSTAIN.value,
        help="What a vote counts for that stays without a verdict.",
    ),
    click.option(
        "--resamples",
        type=click.IntRange(0, MOST_RESAMPLES),
        default=Voting().resamples,
        help="How often a vote without a verdict is asked for again.",
    ),
)


def voting_options(command: Command) -> Command:
    """Adds the options; the command gets them by name, `voting_of` makes them one value."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def voting_of(
    votes: int, order: str, launch: str, stop: str, on_no_verdict: str, resamples: int
) -> Voting:
    """How a match is voted on. Raises UsageFault for options that contradict each other."""
    rule, lead = _stop(stop, votes)
    if order == Order.BOTH and votes % 2:
        raise UsageFault("--order both takes an even number of --votes")
    return Voting(
        votes=votes,
        order=Order(order),
        launch=Launch(launch),
        stop=rule,
        lead=lead,
        on_no_verdict=OnNoVerdict(on_no_verdict),
        resamples=resamples,
    )


def _stop(text: str, votes: int) -> tuple[Stop, int]:
    word, _, number = text.partition(":")
    if word == Stop.LEAD:
        if not number.isdecimal() or not 1 <= int(number) <= votes:
            raise UsageFault("--stop lead:M needs a lead M between 1 and the number of --votes")
        return Stop.LEAD, int(number)
    if text not in (Stop.DECIDED, Stop.NEVER):
        raise UsageFault(f"--stop is never, decided or lead:M, not '{text}'")
    return Stop(text), 0
