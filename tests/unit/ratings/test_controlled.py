"""Ratings with control for style, on recorded battles, against statsmodels; and win matrices."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import statsmodels.api as sm
from kit.recorded_battles import battles, rows

from rrm_queue.columns import GeneratorMatches
from rrm_queue.ratings.bradley_terry import POINTS, strengths
from rrm_queue.ratings.columns import Columns
from rrm_queue.ratings.controlled import ControlledRatings, controlled_ratings
from rrm_queue.ratings.studentized import deviates
from rrm_queue.ratings.style import FEATURES, style_differences, style_of
from rrm_queue.ratings.win_matrix import win_matrix
from rrm_queue.views.style import Control


class Crowd(NamedTuple):
    """LLMFAO's 8,931 battles with the style of both answers, and the battles' prompts."""

    names: list[str]
    columns: Columns
    ours: np.ndarray
    others: np.ndarray
    clusters: np.ndarray

    def rated(self, control: Control, *, prior: bool) -> ControlledRatings:
        count = len(FEATURES[control])
        features, scales = style_differences(self.ours[:, :count], self.others[:, :count])
        return controlled_ratings(
            self.names, self.columns, features, scales, FEATURES[control], self.clusters,
            prior=prior,
        )  # fmt: skip


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    names, columns = battles("llmfao_crowd")
    prompts: list[Any] = list(rows("many_llmfao_60cand.jsonl"))
    styles = {
        (prompt["id"], answer["id"]): style_of(answer["text"], Control.STYLE)
        for prompt in prompts
        for answer in prompt["candidates"]
    }
    held = rows("battles_llmfao_crowd.jsonl")
    ours, others = (
        np.array([styles[row["prompt_id"], row[side]] for row in held], np.float64)
        for side in ("left_id", "right_id")
    )
    clusters = np.unique([row["prompt_id"] for row in held], return_inverse=True)[1]
    return Crowd(names, columns, ours, others, clusters)


@pytest.mark.parametrize("control", Control)
def test_controlled_ratings_are_statsmodels_on_the_recorded_battles(
    crowd: Crowd, control: Control
) -> None:
    """A logistic regression on dummies of models and on Arena-Hard's features, without intercept.

    Ratings to a thousandth of a point, effects to 8 digits, and the clustered errors.
    """
    count = len(FEATURES[control])
    features, _ = style_differences(crowd.ours[:, :count], crowd.others[:, :count])
    design = np.zeros((len(crowd.columns), len(crowd.names)))
    every = np.arange(len(design))
    design[every, crowd.columns.firsts] += 1
    design[every, crowd.columns.seconds] -= 1
    design = np.hstack((design[:, 1:], features))  # the first model's rating is 0
    regression = sm.GLM(crowd.columns.scores, design, family=sm.families.Binomial())
    theirs = regression.fit(
        tol=1e-12, cov_type="cluster",
        cov_kwds={"groups": crowd.clusters, "use_correction": False},
    )  # fmt: skip
    logits = np.concatenate(([0.0], theirs.params[:-count]))
    values = POINTS * (logits - logits.mean()) + 1000
    points = dict(zip(crowd.names, values.tolist(), strict=True))
    found = crowd.rated(control, prior=False)
    assert {row.generator: row.bt for row in found.rows} == pytest.approx(points, abs=1e-3)
    assert [one.coefficient for one in found.effects] == pytest.approx(
        theirs.params[-count:].tolist(), rel=1e-6, abs=1e-8
    )
    total = int(crowd.clusters.max()) + 1
    wide = float(deviates(1.959964, np.array(total - 1))) * np.sqrt(total / (total - 1))
    errors = [(one.high - one.low) / 2 / wide for one in found.effects]
    assert all(
        ours >= 0.999 * other for ours, other in zip(errors, theirs.bse[-count:], strict=True)
    )
    assert errors[0] == pytest.approx(theirs.bse[-count], rel=1e-3)


def test_the_features_are_arena_hards_but_for_their_mean(crowd: Crowd) -> None:
    features, scales = style_differences(crowd.ours, crowd.others)
    shares = (crowd.ours - crowd.others) / (crowd.ours + crowd.others + 1)
    assert features * scales == pytest.approx(shares)
    assert (features**2).mean(axis=0) == pytest.approx(np.ones(4))
    back, _ = style_differences(crowd.others, crowd.ours)
    assert back == pytest.approx(-features)


def test_the_prior_and_no_effect_leave_the_leaderboards_rating(crowd: Crowd) -> None:
    """Of features that are all zero the ratings are those of the leaderboard, prior and all."""
    nothing = np.zeros((len(crowd.columns), 1))
    features, scales = style_differences(nothing, nothing)
    found = controlled_ratings(
        crowd.names, crowd.columns, features, scales, ["none"], crowd.clusters
    )
    plain = strengths(crowd.columns.wins()).points
    assert {row.generator: row.bt for row in found.rows} == pytest.approx(
        dict(zip(crowd.names, plain.tolist(), strict=True)), abs=0.01
    )
    assert abs(found.effects[0].coefficient) < 1e-6


def biased(seed: int, bias: float) -> tuple[Columns, np.ndarray, np.ndarray]:
    """Equal models; the second writes longer answers, and the judge likes length by `bias`."""
    chance = np.random.RandomState(seed)
    size = 1500
    firsts = chance.randint(0, 3, size)
    seconds = (firsts + chance.randint(1, 3, size)) % 3
    usual = np.array([500.0, 1000.0, 500.0])
    ours, others = (usual[side] * chance.lognormal(0, 0.5, size) for side in (firsts, seconds))
    lead = bias * (ours - others) / (ours + others + 1)
    won = chance.random_sample(size) < 1 / (1 + np.exp(-lead))
    columns = Columns(3, firsts, seconds, np.where(won, 1, 2).astype(np.uint8))
    return columns, np.stack((ours, others))[:, :, None], np.arange(size) // 10


def test_control_takes_a_bias_for_length_out_of_the_ratings() -> None:
    """Of three equal models the one with long answers leads by much, and not with control."""
    held = []
    for seed in range(40):
        columns, lengths, clusters = biased(seed, 3.0)
        features, scales = style_differences(*lengths)
        found = controlled_ratings("abc", columns, features, scales, ["length"], clusters)
        raw = strengths(columns.wins()).points
        assert raw[1] - raw[0] > 60
        row = next(row for row in found.rows if row.generator == "b")
        held.append(row.low < 1000 < row.high)
        slope = [end / scales[0] for end in (found.effects[0].low, found.effects[0].high)]
        held.append(slope[0] < 3.0 < slope[1])
    assert np.mean(held) >= 0.9


def test_what_has_no_finite_estimate_is_refused_without_the_prior() -> None:
    columns = Columns(2, np.array([0, 1]), np.array([1, 0]), np.array([1, 1], np.uint8))
    features = np.array([[1.0], [1.0]])  # the longer one won both times
    with pytest.raises(ValueError, match="no finite effect"):
        controlled_ratings(
            "ab", columns, features, np.ones(1), ["length"], np.arange(2), prior=False
        )
    held = controlled_ratings("ab", columns, features, np.ones(1), ["length"], np.arange(2))
    assert 0 < held.effects[0].coefficient < 2
    won = Columns(2, np.array([0]), np.array([1]), np.array([1], np.uint8))
    with pytest.raises(ValueError, match="no finite Bradley-Terry ratings"):
        controlled_ratings(
            "ab", won, features[:1], np.ones(1), ["length"], np.zeros(1, int), prior=False
        )


def test_style_counts_markdown_outside_code() -> None:
    list_items, code = "- one\n* two\n3. three\n", "```\n# no\n- no **no**\n```\n"
    text = f"# Title\n\n{list_items}\n**bold** and __also__\n\n{code}## End"
    assert style_of(text, Control.STYLE) == (len(text), 2, 3, 2)
    assert style_of(text, Control.LENGTH) == (len(text),)
    assert style_of("", Control.STYLE) == (0, 0, 0, 0)
    assert style_of("a * b #c\n```\n# open", Control.STYLE)[1:] == (0, 0, 0)


def test_a_win_matrix_counts_every_match_once(crowd: Crowd) -> None:
    matches = GeneratorMatches(
        crowd.clusters, crowd.columns.firsts, crowd.columns.seconds, crowd.columns.winners
    )
    meetings = win_matrix(crowd.names, matches)
    wins = crowd.columns.wins()
    numbers = {name: number for number, name in enumerate(crowd.names)}
    assert sum(one.matches for one in meetings) == len(crowd.columns)
    for one in meetings:
        first, second = numbers[one.first], numbers[one.second]
        assert first < second
        assert one.wins + one.draws / 2 == wins[first, second]
        assert one.losses + one.draws / 2 == wins[second, first]
        assert one.win_rate == wins[first, second] / one.matches
    unnamed = GeneratorMatches(*(np.array(cells) for cells in ([0, 0], [-1, 1], [0, 1], [1, 0])))  # type: ignore[arg-type]  # by place
    assert win_matrix(["a", "b"], unnamed) == ()
    assert win_matrix([], unnamed.where(np.zeros(2, bool))) == ()
