"""The report on a judge: every diagnostic of a job, each with what it means."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rrm_queue.columns import DecidedMatches, Votes
from rrm_queue.diagnostics.length import LengthSlope, length_slope, longer_wins
from rrm_queue.diagnostics.order import EVEN, slot_bias
from rrm_queue.diagnostics.rates import Rate, clustered, sums
from rrm_queue.diagnostics.reading import (
    CYCLES,
    LENGTH,
    UNDECIDED,
    Finding,
    Level,
    distance,
    found,
)
from rrm_queue.diagnostics.triples import cyclic_triples
from rrm_queue.diagnostics.vote_findings import (
    JobSettings,
    agreement_finding,
    flips_finding,
    no_verdict_findings,
    slot_finding,
)
from rrm_queue.domain import Stop, Voting


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """The findings about a judge; `slope` is that of the length, in log odds per doubling.

    `taken` is how many votes of each match the rates of votes count, None for all.
    """

    findings: tuple[Finding, ...]
    slope: LengthSlope
    taken: int | None


def judge_report(votes: Votes, matches: DecidedMatches, settings: JobSettings) -> JudgeReport:
    """Every diagnostic of a job's votes and matches.

    Where a match stops before its last vote, only those votes count that every match has.
    """
    voting = settings.voting
    taken = votes_of_every_match(voting)
    even = votes if taken is None else votes.first(taken)
    longer = longer_wins(matches.tournaments, matches.lengths, matches.others, matches.winners)
    slope = length_slope(matches.tournaments, matches.lengths, matches.others, matches.winners)
    slot = slot_bias(even)
    findings = [
        slot_finding(slot, voting),
        flips_finding(even, slot, voting),
        agreement_finding(even, voting),
        *no_verdict_findings(even, template=settings.template),
        _coins(matches),
        _draws(matches),
        _triples(matches, settings),
        _longer(longer, settings),
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


def _triples(matches: DecidedMatches, settings: JobSettings) -> Finding:
    rate = cyclic_triples(matches.tournaments, matches.firsts, matches.seconds, matches.winners)
    none = "no three answers met one another in three decided matches"
    hint = ", which needs elo, sampled or swiss" if settings.bracket else ""
    return found(
        "cyclic_triples",
        rate,
        CYCLES.level(rate),
        {
            Level.FINE: "the verdicts are consistent with an order: A > B > C > A is rare",
            Level.LOOK: "some cycles A > B > C > A: near equal answers, or votes that differ",
            Level.WORRY: "many cycles A > B > C > A (coin flips: 25 %): below the top it is unsure",
            Level.OPEN: "too few to tell" if rate.n else none + hint,
        },
    )


def _longer(rate: Rate, settings: JobSettings) -> Finding:
    side = "longer" if rate.estimate > EVEN else "shorter"
    level = LENGTH.level(distance(rate))
    labels = "the labels" if settings.labelled else "labels of people"
    none = "no decided match between answers of different length"
    return found(
        "longer_wins",
        rate,
        Level.LOOK if level is Level.WORRY else level,
        {
            Level.FINE: "length has little to do with winning",
            Level.LOOK: f"the {side} answer tends to win; it may be better: compare with {labels}",
            Level.OPEN: "too few to tell" if rate.n else none,
        },
    )


def _share(matches: DecidedMatches, rows: NDArray[np.bool_]) -> Rate:
    """The share of matches, with tournaments as clusters."""
    parts = np.unique(matches.tournaments, return_inverse=True)[1]
    total = int(parts.max(initial=-1)) + 1
    played = np.bincount(parts, minlength=total).astype(np.float64)
    return clustered(sums(rows, parts, total), played)
