"""The report on a judge: every diagnostic of a job, each with what it means."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import DecidedMatches, Votes
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
from rrm_queue.domain import Order, Stop, Voting

LONG = "longer answers may be better: compare with people's labels"


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """The findings about a judge; `slope` is that of the length, in log odds per doubling.

    `taken` is how many votes of each match the rates of votes count, None for all.
    """

    findings: tuple[Finding, ...]
    slope: LengthSlope
    taken: int | None


def judge_report(votes: Votes, matches: DecidedMatches, voting: Voting) -> JudgeReport:
    """Every diagnostic of a job's votes and matches.

    Where a match stops before its last vote, only those votes count that every match has.
    """
    taken = votes_of_every_match(voting)
    even = votes if taken is None else votes.first(taken)
    longer = longer_wins(matches.tournaments, matches.lengths, matches.others, matches.winners)
    slope = length_slope(matches.tournaments, matches.lengths, matches.others, matches.winners)
    findings = [
        _slot(even, voting.order),
        _flips(even),
        _agreement(even),
        *_no_verdict(even),
        _coins(matches),
        _draws(matches),
        _triples(matches),
        _longer(longer),
    ]
    return JudgeReport(tuple(findings), slope, taken)


def votes_of_every_match(voting: Voting) -> int | None:
    """How many votes every match has, whatever they say; None when every match has all votes.

    The first of several votes does not decide a match, so two are always cast, except where a lead
    of one is enough.
    """
    if voting.votes == 1 or voting.stop is Stop.NEVER:
        return None
    return 1 if voting.stop is Stop.LEAD and voting.lead == 1 else 2


def _slot(votes: Votes, order: Order) -> Finding:
    rate = slot_bias(votes)
    level = SLOT_BIAS.level(distance(rate))
    place = "first" if rate.estimate > EVEN else "second"
    words = {
        Level.FINE: "the slot of an answer makes little or no difference",
        Level.LOOK: f"a slight preference for the answer shown {place}; balanced orders cancel it",
        Level.WORRY: f"a preference for the answer shown {place}: cast 3 or more votes a match",
        Level.OPEN: "too few votes to tell a bias of 5 points from no bias",
    }
    if order is Order.FIXED:
        level = Level.OPEN
        words[level] = "all pairs were shown in the file's order: slot and quality are mixed"
    return found("slot_bias", rate, level, words)


def _flips(votes: Votes) -> Finding:
    rate = flip_rate(votes)
    return found(
        "flip_rate",
        rate,
        FLIPS.level(rate),
        {
            Level.FINE: "the verdict rarely changes when the answers swap slots",
            Level.LOOK: "the verdict sometimes changes with the slots: more votes a match help",
            Level.WORRY: "the verdict often changes with the slots: a single vote says little",
            Level.OPEN: _open(
                rate, "needs matches with votes in both orders: 2 or more votes a match"
            ),
        },
    )


def _agreement(votes: Votes) -> Finding:
    held = vote_agreement(votes)
    sure = (
        f"; {held.accuracy.estimate:.0%} of votes follow the judge's own preference"
        if held.n
        else ""
    )
    return found(
        "vote_agreement",
        held,
        DISAGREEMENT.level(against(held)),
        {
            Level.FINE: f"two votes of a match mostly agree{sure}",
            Level.LOOK: f"votes often differ: more votes a match would help{sure}",
            Level.WORRY: f"votes agree little more often than coin flips{sure}",
            Level.OPEN: _open(held, "needs 2 or more votes a match"),
        },
    )


def _no_verdict(votes: Votes) -> list[Finding]:
    return [
        found(
            "no_verdict" if rate.reason is None else f"no_verdict: {rate.reason}",
            rate,
            NO_VERDICT.level(rate),
            {
                Level.FINE: "almost every vote has a verdict",
                Level.LOOK: _REMEDIES.get(rate.reason, "some votes have no verdict: read a few"),
                Level.WORRY: _REMEDIES.get(
                    rate.reason, "many votes are paid for without a verdict"
                ),
                Level.OPEN: _open(rate, "no votes yet"),
            },
        )
        for rate in no_verdict_rates(votes)
        if rate.reason is None or rate.estimate > 0
    ]


_REMEDIES: dict[str | None, str] = {
    "truncated": "the reasoning is cut off: raise max_tokens",
    "no box": "no boxed answer: does the judge follow the prompt, does the template ask for one?",
    "off the menu": "the box holds neither answer: does the judge follow the prompt?",
}


def _coins(matches: DecidedMatches) -> Finding:
    rate = _share(matches, matches.coins)
    return found("coins", rate, UNDECIDED.level(rate), _COINS)


def _draws(matches: DecidedMatches) -> Finding:
    rate = _share(matches, (matches.winners == 0) & ~matches.coins)
    return found("draws", rate, UNDECIDED.level(rate), _DRAWS)


_WHY = "split votes, votes without a verdict, or equal answers"
_COINS = {
    Level.FINE: "almost no match was settled by a coin",
    Level.LOOK: f"some matches were settled by a coin: {_WHY}",
    Level.WORRY: f"many matches were settled by a coin, which weakens the ranking: {_WHY}",
    Level.OPEN: "too few matches to tell",
}
_DRAWS = {
    Level.FINE: "almost no match ended in a draw",
    Level.LOOK: f"some matches ended in a draw: {_WHY}",
    Level.WORRY: f"many matches ended in a draw, which weakens the ranking: {_WHY}",
    Level.OPEN: "too few matches to tell",
}


def _triples(matches: DecidedMatches) -> Finding:
    rate = cyclic_triples(matches.tournaments, matches.firsts, matches.seconds, matches.winners)
    return found(
        "cyclic_triples",
        rate,
        CYCLES.level(rate),
        {
            Level.FINE: "the verdicts are consistent with an order: A > B > C > A is rare",
            Level.LOOK: "some cycles A > B > C > A: near equal answers, or votes that differ",
            Level.WORRY: "many cycles A > B > C > A (coin flips: 25 %): below the top it is unsure",
            Level.OPEN: _open(rate, "no three answers all met: needs elo, sampled or swiss"),
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
            Level.FINE: "length has little to do with winning",
            Level.LOOK: f"the {side} answer tends to win; {LONG}",
            Level.OPEN: _open(rate, "no decided match between answers of different length"),
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
