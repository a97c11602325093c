"""The report on a judge, over simulated judges whose faults are known."""

import numpy as np
import pytest
from msgspec.structs import replace

from rrm_queue.columns import FIRST, NONE, SECOND, DecidedMatches, Votes
from rrm_queue.diagnostics.label_report import label_report, series
from rrm_queue.diagnostics.labels import Scoring, TieLabels
from rrm_queue.diagnostics.reading import Finding, Level
from rrm_queue.diagnostics.report import judge_report, votes_of_every_match
from rrm_queue.diagnostics.vote_findings import JobSettings
from rrm_queue.domain import Order, Stop, Voting

MATCHES = 4000


def matches(count: int = MATCHES) -> DecidedMatches:
    """Tournaments of three candidates who all meet; the lower number always wins."""
    number = np.arange(count)
    firsts, seconds = np.array([0, 0, 1])[number % 3], np.array([1, 2, 2])[number % 3]
    lengths = (100 + number % 7).astype(np.float64)
    return DecidedMatches(
        number,
        number // 3,
        firsts,
        seconds,
        np.ones(count, np.uint8),
        np.zeros(count, np.bool_),
        lengths,
        np.roll(lengths, 3),
    )


def votes(accuracy: float, bias: float, cast: int, seed: int = 1) -> Votes:
    """Each match's first candidate is better; `bias` of the votes only look for slot 1."""
    chance = np.random.RandomState(seed)
    match, number = np.divmod(np.arange(MATCHES * cast), cast)
    swapped = (number % 2 == 1) ^ (match % 2 == 1)
    right = chance.uniform(size=len(match)) < accuracy
    by_quality = np.where(right ^ swapped, FIRST, SECOND)
    blind = chance.uniform(size=len(match)) < bias
    said = np.where(blind, FIRST, by_quality).astype(np.int8)
    return Votes(match, number + 1, swapped, said, np.full(len(match), -1))


def report(held: Votes, voting: Voting, given: DecidedMatches | None = None) -> dict[str, Finding]:
    found = judge_report(held, given or matches(), JobSettings(voting))
    return {finding.name: finding for finding in found.findings}


def test_a_good_judge_is_fine_in_everything() -> None:
    found = report(votes(0.97, 0, 2), Voting(2, stop=Stop.NEVER))
    assert {finding.level for finding in found.values()} == {Level.FINE}
    assert found["vote_agreement"].estimate == pytest.approx(0.97**2 + 0.03**2, abs=0.01)


def test_a_biased_judge_is_told_by_slot_and_flips() -> None:
    found = report(votes(0.95, 0.4, 2), Voting(2, stop=Stop.NEVER))
    assert found["slot_bias"].level is Level.WORRY
    assert "shown first" in found["slot_bias"].words
    assert found["slot_bias"].estimate == pytest.approx(0.4 + 0.6 * 0.5, abs=0.02)
    assert found["flip_rate"].level is Level.WORRY


def test_in_the_files_order_a_bias_cannot_be_told() -> None:
    slot = report(votes(0.95, 0.4, 1), Voting(order=Order.FIXED))["slot_bias"]
    assert slot.level is Level.OPEN
    assert "mixed" in slot.words


def test_one_vote_a_match_says_nothing_of_agreement() -> None:
    found = report(votes(0.9, 0, 1), Voting())
    for name in ("flip_rate", "vote_agreement"):
        assert (found[name].n, found[name].level) == (0, Level.OPEN)
        assert "2 or more votes a match" in found[name].words


def test_votes_that_stop_early_do_not_lean_to_disagreement() -> None:
    """Of three votes the third is cast where the first two differ."""
    every = votes(0.8, 0, 3)
    said = every.winners().reshape(-1, 3)
    cast = np.ones(len(every), np.bool_)
    cast[2::3] = said[:, 0] != said[:, 1]
    stopped = every.where(cast)
    truth = 0.8**2 + 0.2**2
    found = report(stopped, Voting(3))["vote_agreement"]
    assert found.low < truth < found.high
    leaning = report(stopped, Voting(3, stop=Stop.NEVER))["vote_agreement"]
    assert leaning.high < truth


@pytest.mark.parametrize(
    ("voting", "count"),
    [
        (Voting(), None),
        (Voting(3), 2),
        (Voting(3, stop=Stop.NEVER), None),
        (Voting(5, stop=Stop.LEAD, lead=2), 2),
        (Voting(5, stop=Stop.LEAD, lead=1), 1),
    ],
)
def test_which_votes_every_match_has(voting: Voting, count: int | None) -> None:
    assert votes_of_every_match(voting) == count


def test_silence_is_told_by_its_reason() -> None:
    held = votes(0.9, 0, 2)
    silent = np.arange(len(held)) % 10 == 0
    reasons = np.where(silent, np.arange(len(held)) % 20 // 10, -1)
    held = replace(held, verdicts=np.where(silent, NONE, held.verdicts), reasons=reasons)
    found = report(held, Voting(2, stop=Stop.NEVER))
    assert found["no_verdict"].estimate == pytest.approx(0.1)
    assert found["no_verdict: truncated"].estimate == pytest.approx(0.05)
    assert "max_tokens" in found["no_verdict: truncated"].words
    assert "no_verdict: off the menu" not in found
    assert found["no_verdict"].level is Level.WORRY


def test_coins_and_draws_are_told_apart() -> None:
    given = matches(300)
    coins = np.arange(300) % 3 == 0
    neither = np.arange(300) % 3 < 2
    winners = np.where(neither, 0, given.winners).astype(np.uint8)
    given = replace(given, winners=winners, coins=coins)
    found = report(votes(0.9, 0, 1), Voting(), given)
    assert found["coins"].estimate == pytest.approx(1 / 3)
    assert found["draws"].estimate == pytest.approx(1 / 3)


def test_no_votes_and_no_matches_are_no_fault() -> None:
    nothing = np.array([], np.int64)
    none = Votes(nothing, nothing, nothing.astype(np.bool_), nothing.astype(np.int8), nothing)
    found = report(none, Voting(3), matches(0))
    assert {finding.level for finding in found.values()} == {Level.OPEN}


def test_labels_by_subset_whatever_the_order_of_votes() -> None:
    """The judge is right in `easy` and wrong in `hard`; the third subset has ties for labels."""
    said = votes(1.0, 0, 3)
    parts = np.arange(MATCHES) % 3
    labels = np.array([FIRST, SECOND, 0], np.int8)[parts]
    mixed = said.where(np.random.RandomState(0).permutation(len(said)))
    names = ["easy", "hard", "tied"]
    found = {one.subset: one for one in label_report(labels, mixed, parts, names, 3, Scoring())}
    assert list(found) == ["all", *names]
    assert found["easy"].accuracy.estimate == 1
    assert found["hard"].accuracy.estimate == 0
    assert (found["tied"].accuracy.n, found["tied"].pairs) == (0, 1333)
    assert found["all"].accuracy.estimate == pytest.approx(0.5, abs=0.001)
    assert [held.votes for held in found["easy"].voting] == [1, 3]
    orders = found["easy"].orders
    assert orders is not None
    assert (orders.straight.estimate, orders.consistency.estimate) == (1, 1)
    half = label_report(labels, mixed, parts, names, 3, Scoring(TieLabels.HALF))
    assert half[3].accuracy.estimate == 0.5


def test_one_vote_a_pair_has_no_second_order() -> None:
    said = votes(0.9, 0, 1)
    labels = np.full(MATCHES, FIRST, np.int8)
    [found] = label_report(labels, said, np.full(MATCHES, -1), [], 1, Scoring())
    assert (found.voting, found.orders) == ((), None)
    assert found.accuracy.estimate == pytest.approx(0.9, abs=0.02)


def test_the_numbers_of_votes_that_are_shown() -> None:
    assert [series(most) for most in (1, 2, 5, 8, 33)] == [
        [1], [1, 2], [1, 3, 5], [1, 3, 5, 8], [1, 3, 5, 9, 17, 33],
    ]  # fmt: skip
