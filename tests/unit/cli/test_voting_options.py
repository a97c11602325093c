from typing import Any

import pytest

from rrm_queue.cli.options.voting import voting_of
from rrm_queue.domain import Launch, OnNoVerdict, Order, Stop, Voting
from rrm_queue.errors import UsageFault

USUAL: dict[str, Any] = {
    "votes": 1,
    "order": "balanced",
    "launch": "waves",
    "stop": "decided",
    "on_no_verdict": "abstain",
    "resamples": 2,
}


def test_without_options_a_match_takes_one_vote() -> None:
    assert voting_of(**USUAL) == Voting()


def test_the_options_become_one_value() -> None:
    chosen = voting_of(6, "both", "all", "lead:3", "coin", 0)
    assert chosen == Voting(
        6, Order.BOTH, Launch.ALL, Stop.LEAD, lead=3, on_no_verdict=OnNoVerdict.COIN, resamples=0
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"stop": "soon"},
        {"stop": "lead"},
        {"stop": "lead:0"},
        {"stop": "lead:x"},
        {"stop": "lead:6", "votes": 5},
        {"order": "both", "votes": 5},
    ],
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageFault):
        voting_of(**(USUAL | wrong))
