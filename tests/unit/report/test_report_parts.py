"""Cards, bands, heat maps and cross tables: the parts that reports and pages share."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from kit.report_samples import judge, tournament

from rrm_queue.columns import GeneratorMatches
from rrm_queue.diagnostics.reading import SLOT_BIAS, Level
from rrm_queue.reports.bands import bands
from rrm_queue.reports.cross_table import cross_table
from rrm_queue.reports.verdict_mark import KEPT, reasoning
from rrm_queue.reports.win_matrix import win_matrix


@pytest.mark.parametrize(
    "name", ["slot_bias", "vote_agreement", "no_verdict", "no_verdict: truncated", "coins",
             "draws", "cyclic_triples", "longer_wins"],
)  # fmt: skip
def test_bands_cover_the_axis_without_a_gap(name: str) -> None:
    found = bands(name)
    assert found[0].start == 0
    for band, after in pairwise(found):
        assert band.start + band.width == pytest.approx(after.start)
    assert found[-1].start + found[-1].width == pytest.approx(100)


def test_a_band_is_where_the_bounds_say() -> None:
    levels = {level_at("slot_bias", 50 + 100 * away): away for away in (0.01, 0.03, 0.2)}
    assert list(levels) == [Level.FINE, Level.LOOK, Level.WORRY]
    assert level_at("slot_bias", 50 - 100 * (SLOT_BIAS.worry + 0.01)) is Level.WORRY
    assert level_at("longer_wins", 90) is Level.LOOK
    assert level_at("vote_agreement", 95) is Level.FINE
    assert level_at("vote_agreement", 55) is Level.WORRY
    assert bands("flip_rate") == ()


def level_at(name: str, percent: float) -> Level:
    return next(b.level for b in bands(name) if b.start <= percent <= b.start + b.width)


def test_every_finding_with_bands_has_one_under_its_estimate() -> None:
    for finding in judge("x").diagnosis.judge.findings:
        if finding.n and bands(finding.name):
            level_at(finding.name, 100 * finding.estimate)


def test_win_rates_count_a_draw_as_half_and_leave_out_who_never_met() -> None:
    firsts, seconds = np.array([0, 1, 0, 2, -1]), np.array([1, 0, 1, 2, 0])
    matches = GeneratorMatches(np.arange(5), firsts, seconds, np.array([1, 1, 0, 1, 1], np.uint8))
    rows = win_matrix(["a", "b", "c"], matches, ["b", "a", "c"])
    assert [row.name for row in rows] == ["b", "a", "c"]
    (none, mine, never), (theirs, _, _), alone = (row.cells for row in rows)
    assert none is None
    assert never is None
    assert mine is not None
    assert theirs is not None
    assert (mine.percent, theirs.percent) == ("50", "50")
    assert "3 matches" in mine.label
    assert list(alone) == [None, None, None]


def test_a_cross_table_has_a_cell_for_either_side_of_a_match() -> None:
    held = tournament("x")
    assert cross_table(held) is None, "a bracket is drawn instead"
    rows = cross_table(replace(held, bracket=None))
    assert rows is not None
    (own, won), (lost, _) = (row.cells for row in rows)
    assert own is None
    assert won is not None
    assert lost is not None
    assert (won.ending, won.score, won.match) == ("won", "1:0", "1.0")
    assert (lost.ending, lost.score, lost.match) == ("lost", "0:1", "1.0")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("\\boxed{1}? No: \\boxed{\\text{Assistant 2}} it is", "\\boxed{\\text{Assistant 2}}"),
        ("first [[A]] then [[B]]", "[[B]]"),
        ("<answer>A</answer>", "<answer>A</answer>"),
        ("nothing at all", ""),
        ("\\boxed{" * 50, ""),
    ],
)  # fmt: skip
def test_the_last_mark_of_a_verdict_is_set_apart(text: str, mark: str) -> None:
    found = reasoning(text)
    assert found.mark == mark
    assert "".join(found) == text


def test_the_beginning_of_a_long_reasoning_is_folded() -> None:
    found = reasoning("x" * 10_000 + "[[A]]")
    assert len(found.before) == KEPT
    assert len(found.early) == 10_000 - KEPT
