"""What a job's votes say of its judge; the advice follows the job's own settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from rrm_queue.columns import Votes
from rrm_queue.diagnostics.order import EVEN, OrderEffect, SlotBias, flip_rate, order_effect
from rrm_queue.diagnostics.rates import Rate
from rrm_queue.diagnostics.reading import (
    DISAGREEMENT,
    FLIPS,
    NO_VERDICT,
    ORDER_EFFECT,
    SLOT_BIAS,
    Finding,
    Level,
    against,
    distance,
    found,
)
from rrm_queue.diagnostics.small_counts import more_than
from rrm_queue.diagnostics.verdicts import no_verdict_rates, vote_agreement
from rrm_queue.domain import Order, Stop, Voting

SURE = 0.95
"""More votes a match are advised while their majority follows the judge's preference less often."""


@dataclass(frozen=True, slots=True)
class JobSettings:
    """What advice depends on: how one judge votes on a match, and what the job was given.

    `bracket`: answers meet in a bracket. `template`: the job has a prompt template of its own.
    `labelled`: the file labels pairs.
    """

    voting: Voting
    bracket: bool = False
    template: bool = False
    labelled: bool = False


def slot_finding(rate: SlotBias, voting: Voting) -> Finding:
    """Whether the judge prefers a slot, beyond what chance explains."""
    away = distance(rate)
    level = SLOT_BIAS.level(away)
    if not rate.seen and level in {Level.LOOK, Level.WORRY}:
        level = Level.OPEN if away.high > SLOT_BIAS.worry else Level.FINE
    place = "first" if rate.estimate > EVEN else "second"
    words = {
        Level.FINE: "the slot of an answer makes little or no difference",
        Level.LOOK: f"a slight preference for the answer shown {place}: {_cancelled(voting)}",
        Level.WORRY: f"a preference for the answer shown {place}: {_cancelled(voting)}",
        Level.OPEN: "too few votes to tell a bias of 5 points from no bias",
    }
    if voting.order is Order.FIXED:
        level = Level.OPEN
        words[level] = "all pairs were shown in the file's order: slot and quality are mixed"
    return found("slot_bias", rate, level, words)


def _cancelled(voting: Voting) -> str:
    """What becomes of a preference for a slot in the job's outcomes, and what would cancel it."""
    balanced = voting.order in {Order.BALANCED, Order.BOTH}
    if balanced and voting.votes % 2 == 0 and voting.stop is not Stop.LEAD:
        return "the votes in both orders cancel it in every match"
    mean = "balanced orders cancel it on average, " if balanced else ""
    return f"{mean}an even number of votes a match, half of them in each order, cancels it in each"


def flips_finding(votes: Votes, slot: SlotBias, voting: Voting) -> Finding:
    """Whether the order changes verdicts more often than sampling alone does."""
    rate, effect = flip_rate(votes), order_effect(votes)
    named = partial(found, "flip_rate", rate)
    rare = FLIPS.level(rate)
    if not rate.n:
        return named(Level.OPEN, {Level.OPEN: _no_flips(voting)})
    if rare is Level.FINE:
        return named(rare, {rare: "the verdict rarely changes when the answers swap slots"})
    if rate.estimate <= FLIPS.look:
        return named(Level.OPEN, {Level.OPEN: "too few to tell"})
    if effect is not None:
        return named(*_beside_sampling(effect), expected=effect.sampling)
    if level := _level_of_slot(slot):
        part = 2 * abs(slot.estimate - EVEN)
        says = f"a preference for a slot explains {part:.0%} of the pairs: see slot bias"
        return named(level, {level: says})
    same = vote_agreement(votes)
    says = f"as many as sampling alone shows at a vote agreement of {same.estimate:.1%}"
    says = f"{says}; {_apart(voting)} would show whether the order adds to it"
    return named(Level.OPEN, {Level.OPEN: says}, expected=1 - same.estimate)


def _level_of_slot(slot: SlotBias) -> Level | None:
    """The level of the flips that a preference for a slot explains; None where there is none.

    Of votes in both orders the share of such flips is twice the preference's distance from 50 %.
    """
    away = distance(slot)
    level = ORDER_EFFECT.level(Rate(2 * away.estimate, 2 * away.low, 2 * away.high, away.n))
    return level if slot.seen and level in {Level.LOOK, Level.WORRY} else None


def _no_flips(voting: Voting) -> str:
    if voting.order is Order.FIXED:
        return "every pair was shown in one order only"
    if voting.votes == 1:
        return "needs matches with votes in both orders: 2 or more votes a match"
    return "no match has votes with a verdict in both orders"


def _apart(voting: Voting) -> str:
    if voting.votes >= 4 and voting.stop is not Stop.NEVER:
        return "the same votes without early stopping"
    return "4 votes a match without early stopping"


def _beside_sampling(effect: OrderEffect) -> tuple[Level, Mapping[Level, str]]:
    """The level of the flips that sampling does not explain."""
    estimate = effect.estimate if effect.low > 0 else 0.0
    level = ORDER_EFFECT.level(Rate(estimate, effect.low, effect.high, effect.n))
    same = f"{effect.sampling:.1%} of votes differ in the same order"
    changes = f"the order changes verdicts: {same}"
    return level, {
        Level.FINE: f"sampling explains them: {same}",
        Level.LOOK: changes,
        Level.WORRY: changes,
        Level.OPEN: f"too few votes to tell the order from sampling: {same}",
    }


def agreement_finding(votes: Votes, voting: Voting) -> Finding:
    """How often votes agree, and what the majority of the job's votes makes of it."""
    held = vote_agreement(votes)
    if not held.n:
        return found("vote_agreement", held, Level.OPEN, {Level.OPEN: _no_agreement(voting)})
    sure = held.accuracy.estimate
    follows = f"{sure:.0%} of votes follow the judge's own preference"
    more = _majorities(sure, voting.votes)
    return found(
        "vote_agreement",
        held,
        DISAGREEMENT.level(against(held)),
        {
            Level.FINE: f"two votes of a match mostly agree; {follows}",
            Level.LOOK: f"votes often differ; {follows}, {more}",
            Level.WORRY: f"votes agree little more often than coin flips; {follows}, {more}",
            Level.OPEN: "too few to tell",
        },
    )


def _no_agreement(voting: Voting) -> str:
    if voting.votes == 1:
        return "needs 2 or more votes a match"
    return "no match has two votes with a verdict"


def _majorities(sure: float, votes: int) -> str:
    """What the majority of the job's votes a match gives, and of more votes where that is little.

    It takes all matches for equally hard, as `VoteAgreement.accuracy` does.
    """
    held = majority_follows(sure, votes)
    words = f"and {held:.0%} of majorities of {votes}"
    if held >= SURE:
        return words
    more = 2 * votes + 1
    return f"{words}; of {more} votes a match {majority_follows(sure, more):.0%} would"


def majority_follows(sure: float, votes: int) -> float:
    """How often the majority of so many votes is right, each right with chance `sure`.

    An equal number on both sides counts as half.
    """
    wins = more_than(votes // 2, votes, sure)
    if votes % 2:
        return wins
    return (wins + more_than(votes // 2 - 1, votes, sure)) / 2


def no_verdict_findings(votes: Votes, *, template: bool) -> list[Finding]:
    """How often there is no verdict, and why; with a `template` of its own the job may lack one."""
    remedies = _REMEDIES | ({} if template else _WITHOUT_TEMPLATE)
    return [
        found(
            "no_verdict" if rate.reason is None else f"no_verdict: {rate.reason}",
            rate,
            NO_VERDICT.level(rate),
            {
                Level.FINE: "almost every vote has a verdict",
                Level.LOOK: remedies.get(rate.reason, "some votes have no verdict: read a few"),
                Level.WORRY: remedies.get(rate.reason, "many votes are paid for without a verdict"),
                Level.OPEN: "too few to tell" if rate.n else "no votes yet",
            },
        )
        for rate in no_verdict_rates(votes)
        if rate.reason is None or rate.estimate > 0
    ]


_REMEDIES: dict[str | None, str] = {
    "truncated": "the reasoning is cut off: raise max_tokens",
    "no box": "no verdict in the expected form: does the template ask for it?",
    "off the menu": "the verdict names neither answer: does the judge follow the template?",
}
_WITHOUT_TEMPLATE: dict[str | None, str] = {
    "no box": "no verdict in the expected form: does the judge follow the prompt?",
    "off the menu": "the verdict names neither answer: does the judge follow the prompt?",
}
