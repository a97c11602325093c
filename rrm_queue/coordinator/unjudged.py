"""Outcomes without a vote: of matches between equal texts, and of those that a judge refuses."""

import re
from typing import NamedTuple

from rrm_queue.coordinator.plan import strategy_of
from rrm_queue.domain import CandidateNumber, DecidedBy, OnRefused, Outcome
from rrm_queue.judging.voting import coin
from rrm_queue.messages import Failure
from rrm_queue.store.queue.planning import RunningTournament
from rrm_queue.store.queue.recording import LockedMatch


class Lengths(NamedTuple):
    """The bytes of a match's two answers."""

    first: int
    second: int


_TOO_LONG = re.compile(
    r"\b(?:long(?:er)?|large(?:r)?|too many|context|tokens?|length|maximum|exceed(?:s|ed)?|413)\b",
    re.I,
)
"""What judges say of a prompt that is too long: SGLang, vLLM, llama.cpp, OpenAI, Anthropic."""


def equal_outcome(match: LockedMatch, tournament: RunningTournament) -> Outcome:
    """A draw; where the strategy needs a winner, the answer that the file gives first goes on."""
    if strategy_of(tournament).draws:
        return Outcome(None, DecidedBy.EQUAL)
    return Outcome(min(match.first, match.second), DecidedBy.EQUAL)


def refused_outcome(
    match: LockedMatch, tournament: RunningTournament, failure: Failure, lengths: Lengths | None
) -> Outcome | None:
    """How a match ends that the judge refuses for itself; None where the job wants it to fail."""
    wish = tournament.voting.on_refused
    if wish is OnRefused.FAIL or not (failure.match_refused or failure.rejected):
        return None
    if wish is OnRefused.LOSE and lengths and _TOO_LONG.search(failure.reason):
        winner = _shorter(match, lengths)
        if winner is not None:
            return Outcome(winner, DecidedBy.REFUSED)
    if strategy_of(tournament).draws:
        return Outcome(None, DecidedBy.REFUSED)
    winner = coin(match.first, match.second, tournament.seed, *match.position)
    return Outcome(winner, DecidedBy.COIN)


def _shorter(match: LockedMatch, lengths: Lengths) -> CandidateNumber | None:
    if lengths.first == lengths.second:
        return None
    return match.first if lengths.first < lengths.second else match.second
