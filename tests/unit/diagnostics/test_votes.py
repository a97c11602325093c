"""What votes say of a judge: slots, flips, silence and agreement."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rrm_queue.columns import FIRST, NONE, SECOND, TIE, Votes
from rrm_queue.diagnostics.order import flip_rate, slot_bias
from rrm_queue.diagnostics.verdicts import no_verdict_rates, vote_agreement
from rrm_queue.domain import Label, Verdict
from rrm_queue.store.views.diagnostics import VERDICTS


def votes(*rows: tuple[int, int, bool, int]) -> Votes:
    """Rows of match, number, swapped, verdict by slot."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return Votes(
        np.array(columns[0], np.int64),
        np.array(columns[1], np.int64),
        np.array(columns[2], np.bool_),
        np.array(columns[3], np.int8),
        np.full(len(rows), -1),
    )


held = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 9), st.booleans(), st.integers(-1, 2)), max_size=60
).map(lambda rows: votes(*rows))


def judged(matches: int, cast: int, sure: float, slot: float, chance: np.random.Generator) -> Votes:
    """A judge that takes slot 1 blindly with chance `slot`, else its favourite with `sure`."""
    ids = np.repeat(np.arange(matches), cast)
    numbers = np.tile(np.arange(1, cast + 1), matches)
    swapped = numbers % 2 == 0
    favourite = np.repeat(chance.integers(1, 3, matches), cast)
    winner = np.where(chance.random(len(ids)) < sure, favourite, 3 - favourite)
    shown = np.where(swapped, 3 - winner, winner)
    said = np.where(chance.random(len(ids)) < slot, 1, shown).astype(np.int8)
    return Votes(ids, numbers, swapped, said, np.full(len(ids), -1))


@given(held=held)
def test_pairs_are_counted_as_a_loop_over_them_counts(held: Votes) -> None:
    said = held.winners()
    agree = pairs = flips = across = 0
    for a, b in combinations(range(len(held)), 2):
        if held.matches[a] == held.matches[b] and NONE not in (said[a], said[b]):
            pairs += 1
            agree += int(said[a] == said[b])
            if held.swapped[a] != held.swapped[b]:
                across += 1
                flips += int(said[a] != said[b])
    same, turned = vote_agreement(held), flip_rate(held)
    assert (same.n, turned.n) == (pairs, across)
    assert not pairs or same.estimate == pytest.approx(agree / pairs)
    assert not across or turned.estimate == pytest.approx(flips / across)
    for found in (same, turned, slot_bias(held)):
        assert found.n == 0 or found.low <= found.estimate <= found.high


@given(held=held, seed=st.integers(0, 99))
def test_order_and_names_of_rows_change_nothing(held: Votes, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(held))
    mixed = held.where(order)
    mixed = replace(mixed, matches=1000 - mixed.matches)
    for rule in (slot_bias, flip_rate, vote_agreement):
        a, b = rule(held), rule(mixed)
        assert (b.estimate, b.low, b.high, b.n) == pytest.approx(
            (a.estimate, a.low, a.high, a.n), nan_ok=True
        )


def test_a_judge_that_always_takes_slot_1() -> None:
    held = judged(300, 2, 1.0, 1.0, np.random.default_rng(1))
    assert (slot_bias(held).estimate, flip_rate(held).estimate) == (1, 1)
    assert not slot_bias(held).low <= 0.5 <= slot_bias(held).high
    assert vote_agreement(held).estimate == 0
    assert vote_agreement(held).accuracy.estimate == 0.5


def test_a_judge_that_knows_what_it_wants() -> None:
    held = judged(300, 4, 1.0, 0.0, np.random.default_rng(1))
    assert slot_bias(held).estimate == 0.5  # either order as often: quality cancels out
    assert slot_bias(held).low <= 0.5 <= slot_bias(held).high
    assert flip_rate(held).estimate == 0
    assert vote_agreement(held).accuracy.estimate == 1


def test_a_known_judge_is_found_again() -> None:
    held = judged(30_000, 2, 0.8, 0.1, np.random.default_rng(7))
    # Slot 1 wins a tenth by bias and half of the rest.
    assert slot_bias(held).low < 0.1 + 0.9 / 2 < slot_bias(held).high
    # The favourite wins 0.9 * 0.8 + 0.1 in its slot 1, 0.9 * 0.8 in slot 2.
    p, q = 0.9 * 0.8 + 0.1, 0.9 * 0.8
    assert flip_rate(held).low < p * (1 - q) + q * (1 - p) < flip_rate(held).high
    fair = judged(30_000, 3, 0.8, 0.0, np.random.default_rng(8))
    accuracy = vote_agreement(fair).accuracy
    assert accuracy.low < 0.8 < accuracy.high


def test_stopping_when_decided_leans_towards_disagreement_and_the_first_two_do_not() -> None:
    full = judged(20_000, 3, 0.75, 0.0, np.random.default_rng(3))
    said = full.winners().reshape(-1, 3)
    needed = np.ones_like(said, bool)
    needed[:, 2] = said[:, 0] != said[:, 1]
    rows = needed.ravel()
    stopped = full.where(rows)
    truth = 0.75**2 + 0.25**2
    assert vote_agreement(stopped).high < truth
    first = vote_agreement(stopped.first(2))
    assert first.n == 20_000
    assert first.low < truth < first.high


def test_the_first_votes_are_those_of_the_lowest_numbers() -> None:
    held = votes((7, 3, False, FIRST), (7, 1, True, SECOND), (5, 2, False, TIE), (7, 2, True, NONE))
    first = held.first(2)
    assert first.matches.tolist() == [5, 7, 7]
    assert first.numbers.tolist() == [2, 1, 2]
    assert first.verdicts.tolist() == [TIE, SECOND, NONE]


def test_the_store_numbers_verdicts_and_labels_as_the_columns_do() -> None:
    assert [VERDICTS[code] for code in (TIE, FIRST, SECOND)] == ["tie", "first", "second"]
    assert set(VERDICTS) == {*Label} == {*Verdict} - {Verdict.NONE}


def test_ties_and_silence_are_no_slot_wins() -> None:
    held = votes((0, 1, False, TIE), (0, 2, True, NONE), (1, 1, False, SECOND), (1, 2, True, FIRST))
    assert (slot_bias(held).estimate, slot_bias(held).n) == (0.5, 2)
    assert (flip_rate(held).estimate, flip_rate(held).n) == (0, 1)


def test_silence_is_told_by_reason() -> None:
    held = votes(*((n, 1, False, NONE if n < 4 else FIRST) for n in range(10)))
    reasons = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    rates = no_verdict_rates(replace(held, reasons=reasons))
    assert [(r.reason, r.estimate, r.n) for r in rates] == [
        (None, 0.4, 10),
        ("truncated", 0.3, 10),
        ("no box", 0.1, 10),
        ("off the menu", 0.0, 10),
        ("refused", 0.0, 10),
        ("filtered", 0.0, 10),
        ("empty", 0.0, 10),
        ("unreadable", 0.0, 10),
    ]
    assert all(r.low < r.estimate < r.high for r in rates[:3])
