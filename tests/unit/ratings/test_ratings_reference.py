"""Elo, Bradley-Terry and intervals of recorded battles equal evalica's, choix's, arena-rank's."""

import numpy as np
import pytest
from kit.recorded_battles import DATASETS, battles, reference

from rrm_queue.ratings.bradley_terry import POINTS, bradley_terry, strengths
from rrm_queue.ratings.clusters import contributions
from rrm_queue.ratings.elo import played
from rrm_queue.ratings.intervals import NORMAL, information, sandwich

ARENA = "arena-rank-0.1.1:bradley_terry"


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(
    ("method", "k"), [("evalica-golden:elo", 4.0), ("evalica-0.4.2:elo:k=32", 32.0)]
)
def test_elo_in_recorded_order(dataset: str, method: str, k: float) -> None:
    """The same rule on the same rows: equal but for the last bits of sums."""
    names, columns = battles(dataset)
    scores = played(columns, np.arange(len(columns)), k)
    assert scores == pytest.approx(reference(dataset, method, names), abs=1e-9)


@pytest.mark.parametrize("dataset", DATASETS)
def test_bradley_terry_without_a_prior(dataset: str) -> None:
    """The maximum is unique; what is left is where each iteration stopped."""
    names, columns = battles(dataset)
    points = strengths(columns.wins(), prior_draws=0).points
    logits = (points - 1000) / POINTS
    shares = np.exp(logits) / np.exp(logits).sum()
    golden = reference(dataset, "evalica-golden:bradley_terry", names)
    assert shares == pytest.approx(golden, rel=1e-8)
    assert np.exp(logits) == pytest.approx(
        reference(dataset, "evalica-0.4.2:bradley_terry", names), rel=1e-8
    )
    assert logits == pytest.approx(reference(dataset, "choix-0.4.1:ilsr_pairwise", names), abs=1e-8)
    # arena-rank's L-BFGS stops at a gradient of 1e-9 a battle: 0.014 points on the largest set.
    assert points == pytest.approx(reference(dataset, ARENA, names), abs=0.02)


def margins(curvature: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Half the widths of the plain sandwich's intervals, without the jackknife and Student's t."""
    errors = np.sqrt(np.diag(sandwich(np.linalg.inv(curvature), gradients)))
    return np.asarray(POINTS * NORMAL * errors)


@pytest.mark.parametrize("dataset", DATASETS)
def test_sandwich_intervals(dataset: str) -> None:
    """arena-rank adds 1e-5 of the number of battles to the information's diagonal.

    Without that, ours are wider by up to 0.35 %; with it, equal.
    """
    names, columns = battles(dataset)
    low, high = (reference(dataset, ARENA, names, key) for key in ("lower", "upper"))
    wins = columns.wins()
    fit = strengths(wins, prior_draws=0)
    curvature = information(wins, fit, prior_draws=0)
    gradients = contributions(columns, fit, np.arange(len(columns))).noise()
    ours = margins(curvature, gradients)
    assert ours == pytest.approx((high - low) / 2, rel=4e-3)
    assert (ours >= (high - low) / 2 * (1 - 1e-4)).all()
    ridge = 1e-5 * len(columns) * np.eye(len(names))
    ridged = margins(curvature + ridge, gradients)
    assert ridged == pytest.approx((high - low) / 2, rel=1e-4)
    assert fit.points - ridged == pytest.approx(low, abs=0.02)
    assert fit.points + ridged == pytest.approx(high, abs=0.02)


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_priors_pull_is_less_than_the_interval_and_towards_the_mean(dataset: str) -> None:
    """What the standings report: with the prior, so not equal to the packages, but near."""
    names, columns = battles(dataset)
    plain = reference(dataset, ARENA, names)
    half = reference(dataset, ARENA, names, "upper") - plain
    ours = bradley_terry(columns)
    assert (abs(ours - plain) < half).all()
    assert ours.std() < plain.std()
    assert ours == pytest.approx(strengths(columns.wins()).points, abs=1e-3)
