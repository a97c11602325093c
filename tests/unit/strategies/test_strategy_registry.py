"""The registry names every strategy and refuses the rest."""

import pytest

from rrm_queue.errors import UsageFault
from rrm_queue.strategies import NAMES, named


def test_every_name_gives_the_strategy_of_that_name() -> None:
    assert NAMES == ("elo", "knockout")
    assert [named(name).name for name in NAMES] == list(NAMES)


def test_what_the_rest_of_the_house_must_know_of_each() -> None:
    assert {name: (named(name).draws, named(name).looks_back) for name in NAMES} == {
        "elo": (True, False),
        "knockout": (False, True),
    }


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageFault, match="unknown strategy 'swiz'; there are elo, knockout"):
        named("swiz")
