"""The registry names every strategy and refuses the rest."""

import pytest

from rrm_queue.domain import Seeding
from rrm_queue.errors import UsageFault
from rrm_queue.strategies import NAMES, Bracket, bracket_of, judges_own_pairs, named
from rrm_queue.strategies.double_elimination import DoubleElimination
from rrm_queue.strategies.knockout import Knockout
from rrm_queue.strategies.pivot import Pivot
from rrm_queue.strategies.sampled import Sampled
from rrm_queue.strategies.swiss import Swiss


def test_every_name_gives_the_strategy_of_that_name() -> None:
    assert (
        *("elo", "knockout", "sampled", "swiss", "double-elimination", "pivot", "pairs"),
        "adaptive",
    ) == NAMES
    assert [named(name).name for name in NAMES] == list(NAMES)


def test_what_the_rest_of_the_house_must_know_of_each() -> None:
    assert {name: (named(name).draws, named(name).looks_back) for name in NAMES} == {
        "elo": (True, False),
        "knockout": (False, True),
        "sampled": (True, False),
        "swiss": (True, True),
        "double-elimination": (False, True),
        "pivot": (True, True),
        "pairs": (True, False),
        "adaptive": (True, True),
    }


def test_which_strategies_have_a_bracket_and_which_judge_the_files_own_pairs() -> None:
    assert {name: bracket_of(name) for name in NAMES if bracket_of(name)} == {
        "knockout": Bracket.SINGLE,
        "double-elimination": Bracket.DOUBLE,
    }
    assert [name for name in NAMES if judges_own_pairs(name)] == ["pairs"]
    assert bracket_of("sampled:12") is None
    assert bracket_of("of another version") is None
    assert not judges_own_pairs("of another version")


def test_a_number_travels_in_the_name() -> None:
    assert named("sampled:12") == Sampled(12)
    assert named("swiss:3") == Swiss(3)
    assert named("pivot:1") == Pivot(1)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageFault, match=r"'swiz'; did you mean swiss\? choose one of elo, knock"):
        named("swiz")


@pytest.mark.parametrize("text", ["knockout:3", "elo:", "double-elimination:2", "pairs:0"])
def test_a_needless_number_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match=f"takes no number: write .*, not '{text}'"):
        named(text)


@pytest.mark.parametrize(
    "argument", ["", "x", "0", "1", "-2", "2.5", " 8", "8 ", "8:8", "1000000", "٨"]
)
def test_an_absurd_number_is_answered_with_what_it_counts(argument: str) -> None:
    with pytest.raises(
        UsageFault,
        match="colon counts opponents of each candidate, from 2 to 999999",
    ):
        named(f"sampled:{argument}")


def test_given_seeding_is_for_brackets() -> None:
    assert named("knockout", seeding=Seeding.GIVEN) == Knockout(Seeding.GIVEN)
    assert named("double-elimination", seeding=Seeding.GIVEN) == DoubleElimination(Seeding.GIVEN)
    for name in ("elo", "sampled", "swiss", "pivot", "pairs"):
        assert named(name, seeding=Seeding.RANDOM).name == name
        with pytest.raises(UsageFault, match="only knockout and double-elimination do"):
            named(name, seeding=Seeding.GIVEN)
