"""Agreement of people equals what the field's libraries compute."""

import warnings

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, to_table

from rrm_queue.columns import FIRST, SECOND, TIE, LabelledMatches, PeopleVotes, Verdicts, Whole
from rrm_queue.diagnostics.labels import Scoring
from rrm_queue.diagnostics.people import MISSING, krippendorff_alpha, people_report, person_pairs

VERDICTS = (TIE, FIRST, SECOND)
NO_LABELS = LabelledMatches(
    [],
    np.array([], np.int64),
    np.array([], np.int8),
    np.array([], np.bool_),
    np.array([], np.int64),
)

tables = st.integers(1, 4).flatmap(
    lambda people: st.lists(
        st.lists(
            st.sampled_from([int(MISSING), *VERDICTS]), min_size=people, max_size=people
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip


def votes_of(table: Verdicts) -> PeopleVotes:
    """A table of matches and people as the store gives it."""
    rows, people = np.nonzero(table != MISSING)
    names = [f"person {place}" for place in range(table.shape[1])]
    seconds = np.arange(len(rows), dtype=np.float64)
    return PeopleVotes(names, rows * 7 + 3, people, table[rows, people], seconds)


def counted(table: Verdicts) -> Whole:
    return np.stack([(table == said).sum(axis=1) for said in VERDICTS], axis=1)


def library_alpha(table: Verdicts) -> float:
    """Alpha by the package `krippendorff`, which wants a row for each person."""
    data = np.where(table == MISSING, np.nan, table.astype(float)).T
    return float(krippendorff.alpha(data, level_of_measurement="nominal"))


@given(rows=tables)
def test_alpha_is_what_the_library_computes(rows: list[list[int]]) -> None:
    table = np.array(rows, np.int8)
    found = krippendorff_alpha(counted(table))
    pairable = table[(table != MISSING).sum(axis=1) > 1]
    if len(np.unique(pairable[pairable != MISSING])) < 2:
        assert np.isnan(found.estimate)
        return
    assert found.estimate == pytest.approx(library_alpha(table), abs=1e-9)
    assert found.low <= found.estimate <= found.high
    assert found.n == len(pairable)


@given(rows=tables)
def test_kappa_of_two_people_is_what_the_library_computes(rows: list[list[int]]) -> None:
    table = np.array(rows, np.int8)
    names = [str(place) for place in range(table.shape[1])]
    for pair in person_pairs(table, names):
        mine, yours = table[:, int(pair.one)], table[:, int(pair.other)]
        both = (mine != MISSING) & (yours != MISSING)
        assert pair.agreement.n == both.sum()
        assert pair.agreement.estimate == pytest.approx((mine == yours)[both].mean())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # statsmodels warns where both say one thing alone
            theirs = cohens_kappa(to_table(np.stack((mine[both], yours[both]), axis=1), 3)[0]).kappa
        assert pair.kappa.estimate == pytest.approx(theirs, nan_ok=True)


def test_an_interval_of_alpha_holds_what_is_true_in_19_of_20_studies() -> None:
    """Three people give the true verdict or a random one; alpha's true value is known."""
    chance, held, studies, noise = np.random.default_rng(5), 0, 400, 0.35
    true = (1 - noise) ** 2
    for _ in range(studies):
        truth = chance.integers(0, 3, 150)
        said = chance.integers(0, 3, (150, 3))
        kept = chance.random((150, 3)) > noise
        table = np.where(kept, truth[:, None], said).astype(np.int8)
        found = krippendorff_alpha(counted(table))
        held += found.low <= true <= found.high
    assert 0.92 <= held / studies <= 0.98


def test_people_are_measured_on_the_labels_of_what_they_judged() -> None:
    """Match 3 has label FIRST, match 10 the same by a pair the other way round, 17 none."""
    table = np.array([[FIRST, SECOND], [SECOND, MISSING], [TIE, TIE]], np.int8)
    labelled = LabelledMatches(
        [], np.array([3, 10]), np.array([FIRST, FIRST], np.int8), np.array([False, True]),
        np.array([-1, -1]),
    )  # fmt: skip
    report = people_report(votes_of(table), labelled, Scoring())
    assert [(one.judge, one.accuracy.estimate, one.accuracy.n) for one in report.labels] == [
        ("person 0", 1.0, 2),
        ("person 1", 0.0, 1),
    ]
    assert [(one.votes, one.ties.estimate) for one in report.people] == [(3, 1 / 3), (2, 0.5)]
    assert (report.agreement.estimate, report.agreement.n) == (0.5, 2)


def test_nothing_is_said_of_nobody() -> None:
    nobody = votes_of(np.zeros((0, 0), np.int8))
    report = people_report(nobody, NO_LABELS, Scoring())
    assert (report.people, report.pairs, report.agreement.n, report.alpha.n) == ([], [], 0, 0)
