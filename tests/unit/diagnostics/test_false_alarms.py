"""Judges without a preference for a slot are rarely blamed for one, and others are found out.

`benchmarks/false_alarms.py` makes the table of docs/statistics.md with more judges.
"""

from math import sqrt

import numpy as np
import pytest
from kit.simulated_judges import AGREEMENTS, DESIGNS, NONE, Judge, alarms, votes_of
from msgspec.structs import replace

from rrm_queue.diagnostics.reading import Level
from rrm_queue.diagnostics.report import judge_report
from rrm_queue.diagnostics.vote_findings import JobSettings

RUNS = 250
MOST = 0.05 + 2.6 * sqrt(0.05 * 0.95 / RUNS)
"""A share that runs of 5 % exceed once in 200 times."""


@pytest.mark.parametrize("agreement", AGREEMENTS)
@pytest.mark.parametrize("design", ["2 votes, both orders", "4 votes, never stop"])
def test_sampling_alone_raises_no_alarm(design: str, agreement: float) -> None:
    for equal in (True, False):
        found = alarms(Judge(agreement, equal=equal), 4, DESIGNS[design], RUNS, seed=1)
        assert max(found.values()) <= MOST, found


@pytest.mark.parametrize("design", ["1 vote", "2 votes, both orders", "4 votes, never stop"])
def test_a_preference_for_a_slot_is_found(design: str) -> None:
    """One logit: between equal answers it takes slot 1 in 73 of 100 votes."""
    found = alarms(Judge(0.7, bias=1.0), 10, DESIGNS[design], 50, seed=1)
    assert found["slot_bias"] >= 0.95


def test_an_order_that_matters_differently_in_every_match_is_found_by_four_votes() -> None:
    """Half of the matches prefer slot 1 and half slot 2: only repeated votes show it."""
    chance, voting = np.random.default_rng(1), DESIGNS["4 votes, never stop"]
    votes = votes_of(Judge(0.95), 10, voting, chance)
    blind = votes.matches % 4 < 2
    said = np.where(blind, 1 + votes.matches % 2, votes.verdicts).astype(np.int8)
    held = replace(votes, verdicts=said)
    found = {one.name: one for one in judge_report(held, NONE, JobSettings(voting)).findings}
    assert found["slot_bias"].level is Level.FINE
    assert found["flip_rate"].level is Level.WORRY
    assert found["flip_rate"].expected == pytest.approx(0.025, abs=0.02)
    assert "the order changes verdicts" in found["flip_rate"].words
