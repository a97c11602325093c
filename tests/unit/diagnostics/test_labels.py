"""Agreement with labels: its rules, and LLMBar's published figures row by row."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.columns import FIRST, NONE, SECOND, TIE, Votes
from rrm_queue.diagnostics.kappa import cohen_kappa
from rrm_queue.diagnostics.labels import (
    Scoring,
    TieLabels,
    accuracy,
    agreement,
    consistency,
    label_kappa,
    voting_accuracy,
)
from rrm_queue.diagnostics.rates import DEVIATES

SHARED = Path(__file__).parents[4] / "shared" / "data"
CODES = {"a": FIRST, "b": SECOND, None: NONE, "tie": TIE}

verdicts = st.lists(st.integers(-1, 2), max_size=40)


def codes(*values: int) -> np.ndarray:
    return np.array(values, np.int8)


def rows(name: str) -> list[dict[str, str]]:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return [json.loads(line) for line in path.read_text().splitlines()]


def printed(hits: float, total: int) -> str:
    return f"{hits} / {total} = {hits / total * 100}%"


def test_llmbars_published_figures_row_by_row() -> None:
    """Every figure as LLMBar's evaluation printed it, to the last digit.

    `correct_False` shows output 1 first, `correct_True` output 2; no verdict is wrong, and equal
    when there is none in either order. Its kappas are those of its code, which knows verdict 1 and
    makes 0 of every other, verdict 2 included, while labels are 1 and 2: a label of 2 never agrees.
    So the kappas against labels say little; the test makes the same codes to reproduce them.
    """
    held: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows("replay_llmbar_verdicts.jsonl"):
        held.setdefault((row["id"].split("-")[1], row["judge"]), []).append(row)
    published = rows("replay_llmbar_published.jsonl")
    assert len(published) == len(held) == 15
    for figures in published:
        mine = held[figures["subset"], figures["judge"]]
        labels, straight, swapped = (
            codes(*(CODES[row[key]] for row in mine))
            for key in ("label", "verdict_ab", "verdict_ba")
        )
        (ours,) = agreement(
            labels, straight, swapped, [figures["subset"]] * len(mine), silent_agree=True
        )
        total = len(mine)
        hits = {
            "correct_False": ours.straight,
            "correct_True": ours.swapped,
            "correct_both": ours.both,
            "equal": ours.consistency,
        }
        for key, found in hits.items():
            assert found.n == total
            assert printed(round(found.estimate * total), total) == figures[key]
            assert found.estimate * total == pytest.approx(round(found.estimate * total))
            assert found.low < found.estimate < found.high
        both_orders = round(ours.average.estimate * 2 * total)
        assert ours.average.n == total
        assert ours.average.estimate * 2 * total == pytest.approx(both_orders)
        assert f"{both_orders / 2 / total * 100}%" == figures["correct_average"]
        one, other = (straight == FIRST).astype(np.int64), (swapped == FIRST).astype(np.int64)
        of_labels = labels.astype(np.int64)
        kappas = [cohen_kappa(each, of_labels).estimate for each in (one, other)]
        assert kappas == [figures["kappa_False"], figures["kappa_True"]]
        assert sum(kappas) / 2 == figures["kappa_average"]
        assert cohen_kappa(one, other).estimate == figures["kappa_agreement"]
        if not (codes(NONE) == [straight, swapped]).any():
            assert ours.kappa_orders.estimate == figures["kappa_agreement"]


def test_kappa_is_as_fleiss_cohen_and_everitt_compute_it() -> None:
    """Their worked example: 200 cases, three categories; kappa 0.429, variance 0.002885."""
    table = np.array([[0.53, 0.05, 0.02], [0.11, 0.14, 0.05], [0.01, 0.06, 0.03]])
    counts = (table * 200).round().astype(int)
    ones, others = (np.repeat(axis.ravel(), counts.ravel()) for axis in np.indices((3, 3)))
    found = cohen_kappa(ones, others)
    assert found.n == 200
    assert found.estimate == pytest.approx(0.429, abs=5e-4)
    half = 1.96 * 0.002885**0.5
    assert found.high - found.estimate == pytest.approx(half, abs=5e-4)
    assert found.estimate - found.low == pytest.approx(half, abs=5e-4)


def test_full_agreement_of_few_pairs_is_no_certainty() -> None:
    """Four of four agree: Wilson's lower end of the share is 0.51, and half agree by chance."""
    ones = np.array([1, 2, 1, 2])
    share = 4 / (4 + DEVIATES**2)
    found = cohen_kappa(ones, ones)
    assert (found.estimate, found.high) == (1, 1)
    assert found.low == pytest.approx((share - 0.5) / 0.5)
    opposed = cohen_kappa(ones, 3 - ones)
    assert (opposed.estimate, opposed.low) == (-1, -1)
    assert opposed.high == pytest.approx(-found.low)
    many = np.tile(ones, 1000)
    assert cohen_kappa(many, many).low > 0.998


def test_pairs_that_do_not_count_are_not_in_kappa() -> None:
    """Four right verdicts on decided labels; a verdict each, a tie and silence on tie labels."""
    labels = np.array([1, 2, 1, 2, 0, 0, 0, 0], np.int8)
    said = np.array([1, 2, 1, 2, 1, 2, TIE, NONE], np.int8)
    skipped = Scoring()
    assert label_kappa(labels, said, skipped).estimate == 1
    assert label_kappa(labels, said, skipped).n == accuracy(labels, said, skipped).n == 4
    for ties, right in ((TieLabels.HALF, 5.5), (TieLabels.MATCH, 5)):
        found = accuracy(labels, said, Scoring(ties))
        assert found.estimate * found.n == pytest.approx(right)
        assert label_kappa(labels, said, Scoring(ties)).n == 8
    paid = accuracy(labels, said, Scoring(TieLabels.HALF, none=0.5))
    assert paid.estimate * paid.n == pytest.approx(6)


@given(pairs=st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=60))
def test_kappa_is_symmetric_blind_to_names_and_one_at_full_agreement(
    pairs: list[tuple[int, int]],
) -> None:
    ones, others = np.array(pairs).T
    found, turned = cohen_kappa(ones, others), cohen_kappa(others, ones)
    assert turned.estimate == pytest.approx(found.estimate, nan_ok=True)
    assert (turned.low, turned.high) == pytest.approx((found.low, found.high))
    names = np.array([9, 3, 7, 5])
    assert cohen_kappa(names[ones + 1], names[others + 1]).estimate == pytest.approx(
        found.estimate, nan_ok=True
    )
    if len(set(ones.tolist())) > 1:
        assert cohen_kappa(ones, ones).estimate == 1
        assert -1 <= cohen_kappa(ones, ones).low < cohen_kappa(ones, ones).high == 1


def test_ties_and_silence_count_as_the_scoring_says() -> None:
    labels = codes(FIRST, SECOND, TIE, TIE, FIRST, NONE)
    said = codes(FIRST, TIE, TIE, FIRST, NONE, FIRST)

    def score(**how: object) -> tuple[float, int]:
        found = accuracy(labels, said, Scoring(**how))  # type: ignore[arg-type]  # any field
        return found.estimate * found.n, found.n

    assert score() == (pytest.approx(1.5), 3)
    assert score(tie=0.0) == (pytest.approx(1), 3)
    assert score(none=0.5) == (pytest.approx(2), 3)
    assert score(ties=TieLabels.HALF) == (pytest.approx(2.5), 5)
    assert score(ties=TieLabels.MATCH, tie=0.0) == (pytest.approx(2), 5)


@given(held=verdicts)
def test_swapping_the_two_answers_of_all_pairs_changes_nothing(held: list[int]) -> None:
    labels = codes(*held)
    said = np.roll(labels, 1)

    def turned(values: np.ndarray) -> np.ndarray:
        return np.where(values > TIE, 3 - values, values).astype(np.int8)

    for ties in TieLabels:
        ours = accuracy(labels, said, Scoring(ties))
        other = accuracy(turned(labels), turned(said), Scoring(ties))
        assert (other.estimate, other.low, other.n) == pytest.approx(
            (ours.estimate, ours.low, ours.n), nan_ok=True
        )


def test_silence_is_consistent_only_if_one_says_so() -> None:
    one, other = codes(FIRST, NONE, NONE, TIE), codes(FIRST, NONE, FIRST, TIE)
    assert consistency(one, other).estimate == 0.5
    assert consistency(one, other, silent_agree=True).estimate == 0.75


def test_subsets_are_told_apart() -> None:
    labels = codes(FIRST, FIRST, SECOND)
    found = agreement(labels, labels, codes(FIRST, SECOND, SECOND), ["b", "a", "b"])
    assert [(each.subset, each.swapped.estimate, each.both.n) for each in found] == [
        ("a", 0, 1),
        ("b", 1, 2),
    ]


def cast(pairs: int, k: int, right: float, chance: np.random.Generator) -> Votes:
    """Votes on pairs whose first answer is right, in alternating orders."""
    numbers = np.tile(np.arange(1, k + 1), pairs)
    swapped = numbers % 2 == 0
    winner = np.where(chance.random(len(numbers)) < right, FIRST, SECOND)
    shown = np.where(swapped, 3 - winner, winner).astype(np.int8)
    matches = np.repeat(np.arange(pairs), k)
    return Votes(matches, numbers, swapped, shown, np.full(len(numbers), -1))


def test_voting_at_k_grows_as_condorcet_says() -> None:
    held = cast(20_000, 5, 0.7, np.random.default_rng(1))
    labels = np.full(20_000, FIRST, np.int8)
    found = voting_accuracy(labels, held, (1, 3, 5))
    assert [each.votes for each in found] == [1, 3, 5]
    for each, truth in zip(found, (0.7, 0.784, 0.83692), strict=True):
        assert each.low < truth < each.high


def test_votes_that_were_not_needed_are_not_missed() -> None:
    """Stopped at three of five: voting@5 is the same as if all five had been cast."""
    full = cast(500, 5, 0.6, np.random.default_rng(2))
    said = (full.winners().reshape(-1, 5) == FIRST).cumsum(axis=1)
    before = np.hstack((np.zeros((500, 1), int), said[:, :-1]))
    open_ = (before < 3) & (np.arange(5) - before < 3)
    rows = open_.ravel()
    stopped = full.where(rows)
    assert len(stopped) < len(full)
    labels = np.full(500, FIRST, np.int8)
    assert voting_accuracy(labels, stopped, (1, 3, 5)) == voting_accuracy(labels, full, (1, 3, 5))


def test_a_split_vote_is_a_tie_and_no_vote_no_verdict() -> None:
    held = Votes(
        np.array([0, 0, 2, 2]),
        np.array([1, 2, 1, 2]),
        np.array([False, True, False, False]),
        codes(FIRST, FIRST, NONE, SECOND),
        np.array([-1, -1, 0, -1]),
    )
    labels = codes(FIRST, FIRST, SECOND)
    (found,) = voting_accuracy(labels, held, (2,), Scoring(tie=0.5, none=0.0))
    assert (found.estimate, found.n) == (pytest.approx(0.5), 3)
