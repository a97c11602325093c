"""The report on a judge: every diagnostic of a job, each with what it says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrm_queue.diagnostics.length import LengthSlope, length_slope, longer_wins
from rrm_queue.diagnostics.order import EVEN, flip_rate, slot_bias
from rrm_queue.diagnostics.rates import Rate, clustered, sums
from rrm_queue.diagnostics.reading import (
    CYCLES,
    DISAGREEMENT,
    FLIPS,
    LENGTH,
    NO_VERDICT,
    SLOT_BIAS,
    UNDECIDED,
    Finding,
    Level,
    against,
    distance,
    found,
)
from rrm_queue.diagnostics.triples import cyclic_triples
from rrm_queue.diagnostics.verdicts import no_verdict_rates, vote_agreement
from rrm_queue.diagnostics.votes import Votes
from rrm_queue.domain import Order, Stop, Voting

LONG = "a longer answer may be better: set it beside people's labels"


@dataclass(frozen=True, slots=True)
class DecidedMatches:
    """A job's decided matches; a row is a match.

    `winners` is 1, 2 or 0 for the first, the second or neither, `coins` where a coin decided.
    `lengths` and `others` are the two answers' in characters.
    """

    tournaments: NDArray[np.int64]
    firsts: NDArray[np.int64]
    seconds: NDArray[np.int64]
    winners: NDArray[np.uint8]
    coins: NDArray[np.bool_]
    lengths: NDArray[np.float64]
    others: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """What is to be said of a judge. `taken`: how many votes a match were looked at, None for all.

    `slope` is that of the length, in log odds per doubling.
    """

    findings: tuple[Finding, ...]
    slope: LengthSlope
    taken: int | None


def judge_report(
    votes: Votes,
    reasons: Sequence[str],
    codes: NDArray[np.int64],
    matches: DecidedMatches,
    voting: Voting,
) -> JudgeReport:
    """Every diagnostic of a job's votes and matches.

    `codes` gives each vote without a verdict the place of its reason in `reasons`. Where a match
    stops before its last vote, only those votes count that every match has.
    """
    taken = everywhere(voting)
    even, kinds = votes, codes
    if taken is not None:
        rows = votes.rows_of_first(taken)
        even, kinds = votes.where(rows), codes[rows]
    longer = longer_wins(matches.tournaments, matches.lengths, matches.others, matches.winners)
    slope = length_slope(matches.tournaments, matches.lengths, matches.others, matches.winners)
    findings = [
        _slot(even, voting.order),
        _flips(even),
        _agreement(even),
        *_silence(even, reasons, kinds),
        _coins(matches),
        _draws(matches),
        _triples(matches),
        _longer(longer),
    ]
    return JudgeReport(tuple(findings), slope, taken)


def everywhere(voting: Voting) -> int | None:
    """How many votes every match has, whatever they say; None when it has all of them.

    A match of several votes is not decided by the first, so that two are always cast, except where
    a lead of one is enough.
    """
    if voting.votes == 1 or voting.stop is Stop.NEVER:
        return None
    return 1 if voting.stop is Stop.LEAD and voting.lead == 1 else 2


def _slot(votes: Votes, order: Order) -> Finding:
    rate = slot_bias(votes)
    level = SLOT_BIAS.level(distance(rate))
    place = "first" if rate.estimate > EVEN else "second"
    words = {
        Level.FINE: "where an answer stands makes no difference to speak of",
        Level.LOOK: f"leans to the answer shown {place}; the balanced orders even it out",
        Level.WORRY: f"favours the answer shown {place}: cast votes in both orders, --votes 3 up",
        Level.OPEN: "too few votes to tell a bias of 5 points from none",
    }
    if order is Order.FIXED:
        level = Level.OPEN
        words[level] = "all were shown in the file's order: place and quality are mixed"
    return found("slot_bias", rate, level, words)


def _flips(votes: Votes) -> Finding:
    rate = flip_rate(votes)
    return found(
        "flip_rate",
        rate,
        FLIPS.level(rate),
        {
            Level.FINE: "the verdict seldom changes when the answers change places",
            Level.LOOK: "now and then the verdict changes with the places: several votes help",
            Level.WORRY: "the verdict often changes with the places: a single vote says little",
            Level.OPEN: _open(rate, "takes matches with votes in both orders: --votes 2 up"),
        },
    )


def _agreement(votes: Votes) -> Finding:
    held = vote_agreement(votes)
    sure = f"; a vote sides with its leaning in {held.accuracy.estimate:.0%}" if held.n else ""
    return found(
        "vote_agreement",
        held,
        DISAGREEMENT.level(against(held)),
        {
            Level.FINE: f"two votes of a match mostly agree{sure}",
            Level.LOOK: f"votes differ: more of them a match would pay{sure}",
            Level.WORRY: f"votes agree little more than coins do{sure}",
            Level.OPEN: _open(held, "takes matches of several votes: --votes 2 up"),
        },
    )


def _silence(votes: Votes, reasons: Sequence[str], codes: NDArray[np.int64]) -> list[Finding]:
    rates = no_verdict_rates(votes, reasons, codes)
    return [
        found(
            "no_verdict" if rate.reason is None else f"no_verdict: {rate.reason}",
            rate,
            NO_VERDICT.level(rate),
            {
                Level.FINE: "next to every vote has a verdict",
                Level.LOOK: _REMEDIES.get(rate.reason, "some votes say nothing: read a few"),
                Level.WORRY: _REMEDIES.get(rate.reason, "many votes say nothing, and are paid for"),
                Level.OPEN: _open(rate, "no votes yet"),
            },
        )
        for rate in rates
        if rate.reason is None or rate.estimate > 0
    ]


_REMEDIES: dict[str | None, str] = {
    "truncated": "the thinking is cut off: raise --sampling max_tokens",
    "no box": "no boxed answer: does the judge follow the prompt, does --template ask for one?",
    "off the menu": "the box holds neither answer: does the judge follow the prompt?",
}


def _coins(matches: DecidedMatches) -> Finding:
    rate = _share(matches, matches.coins)
    return found("coins", rate, UNDECIDED.level(rate), _COINS)


def _draws(matches: DecidedMatches) -> Finding:
    rate = _share(matches, (matches.winners == 0) & ~matches.coins)
    return found("draws", rate, UNDECIDED.level(rate), _DRAWS)


_WHY = "equal or silent votes, or equal answers"
_COINS = {
    Level.FINE: "a coin decided next to none",
    Level.LOOK: f"a coin decided some: {_WHY}",
    Level.WORRY: f"a coin decided many, and the ranking rests on fewer: {_WHY}",
    Level.OPEN: "too few matches to tell",
}
_DRAWS = {
    Level.FINE: "next to none ended in a draw",
    Level.LOOK: f"some ended in a draw: {_WHY}",
    Level.WORRY: f"many ended in a draw, and the ranking rests on fewer: {_WHY}",
    Level.OPEN: "too few matches to tell",
}


def _triples(matches: DecidedMatches) -> Finding:
    rate = cyclic_triples(matches.tournaments, matches.firsts, matches.seconds, matches.winners)
    return found(
        "cyclic_triples",
        rate,
        CYCLES.level(rate),
        {
            Level.FINE: "its verdicts make an order: A > B > C > A is rare",
            Level.LOOK: "some A > B > C > A: near equals, or votes that differ",
            Level.WORRY: "many A > B > C > A (coins: 25 %): the order below the top is loose",
            Level.OPEN: _open(rate, "no three answers all met: takes elo, sampled or swiss"),
        },
    )


def _longer(rate: Rate) -> Finding:
    side = "longer" if rate.estimate > EVEN else "shorter"
    level = LENGTH.level(distance(rate))
    return found(
        "longer_wins",
        rate,
        Level.LOOK if level is Level.WORRY else level,
        {
            Level.FINE: "length hardly goes with winning",
            Level.LOOK: f"the {side} answer tends to win; {LONG}",
            Level.OPEN: _open(rate, "no decided match of answers of unequal length"),
        },
    )


def _open(rate: Rate, without: str) -> str:
    return "too few to tell" if rate.n else without


def _share(matches: DecidedMatches, rows: NDArray[np.bool_]) -> Rate:
    """The share of matches, with tournaments as clusters."""
    parts = np.unique(matches.tournaments, return_inverse=True)[1]
    total = int(parts.max(initial=-1)) + 1
    played = np.bincount(parts, minlength=total).astype(np.float64)
    return clustered(sums(rows, parts, total), played)
