import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from rrm_queue.cli.render.bracket import draw, draw_double
from rrm_queue.cli.render.canvas import Line
from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    MatchId,
    MatchState,
    Outcome,
    Position,
    Seeding,
)
from rrm_queue.strategies import Finished
from rrm_queue.strategies.base import History
from rrm_queue.strategies.bracket import leaves
from rrm_queue.strategies.double_elimination import DoubleElimination
from rrm_queue.strategies.knockout import Knockout
from rrm_queue.views.matches import TalliedMatch

WIDE = 500


def played(size: int, *, seed: int = 0, decided: int | None = None) -> list[TalliedMatch]:
    """A knockout's matches as the coordinator would plan them; after `decided` none is decided."""
    chance, strategy = random.Random(seed), Knockout(Seeding.GIVEN)
    found: dict[Position, TalliedMatch] = {}
    outcomes: dict[Position, Outcome | None] = {}
    while True:
        plan = strategy.plan(size, History(matches=outcomes), seed)
        if isinstance(plan, Finished) or not plan.new:
            return [found[position] for position in sorted(found)]
        for pairing in plan.new:
            position, first, second = pairing.position, pairing.first, pairing.second
            if decided is not None and len(found) >= decided:
                outcomes[position] = None
                found[position] = match(position, first, second, None)
            else:
                winner = chance.choice((first, second))
                outcomes[position] = Outcome(winner)
                found[position] = match(position, first, second, winner)


def match(
    position: Position,
    first: int,
    second: int,
    winner: int | None,
    *,
    votes: tuple[int, int] = (1, 0),
    by: DecidedBy = DecidedBy.VOTES,
) -> TalliedMatch:
    return TalliedMatch(
        round=position.round,
        slot=position.slot,
        first=CandidateNumber(first),
        second=CandidateNumber(second),
        state=MatchState.READY if winner is None else MatchState.DONE,
        winner=None if winner is None else CandidateNumber(winner),
        decided_by=None if winner is None else by,
        votes=sum(votes),
        id=MatchId(0),
        error=None,
        for_first=votes[0],
        for_second=votes[1],
    )


def names(size: int) -> list[str]:
    return [f"c{number}" for number in range(size)]


def text(lines: list[Line]) -> list[str]:
    return ["".join(segment.text for segment in line) for line in lines]


def drawn(size: int, matches: list[TalliedMatch], width: int = WIDE, **options: bool) -> list[str]:
    first_line = leaves(size, 0, Seeding.GIVEN)
    return text(draw(first_line, names(size), matches, width, **options))


def test_two() -> None:
    assert drawn(2, [match(Position(1, 0), 0, 1, 1)]) == [
        "c0 ─┲━ c1",
        "c1 ━┛",
    ]


def test_three_with_a_bye() -> None:
    matches = [match(Position(1, 0), 0, 1, 1), match(Position(2, 0), 1, 2, 1)]
    assert drawn(3, matches) == [
        "c0 ─┲━ c1 ━┓",
        "c1 ━┛      ┡━ c1",
        "c2 ────────┘",
    ]


def test_five_with_byes_that_meet() -> None:
    matches = [
        match(Position(1, 0), 0, 1, 0),
        match(Position(2, 0), 0, 2, 2),
        match(Position(2, 1), 3, 4, 3),
        match(Position(3, 0), 2, 3, 3),
    ]
    assert drawn(5, matches) == [
        "c0 ─┬─ c0 ─┐",
        "c1 ─┘      ├─ c2 ─┐",
        "c2 ────────┘      ┢━ c3",
        "c3 ━━━━━━━━┯━ c3 ━┛",
        "c4 ────────┘",
    ]


def test_eight_undecided() -> None:
    matches = [
        match(Position(1, 0), 0, 1, 0),
        match(Position(1, 1), 2, 3, 3),
        match(Position(1, 2), 4, 5, None),
        match(Position(2, 0), 0, 3, None),
    ]
    assert drawn(8, matches) == [
        "c0 ─┬─ c0 ─┐",
        "c1 ─┘      ├─ … ─┐",
        "c2 ─┬─ c3 ─┘     │",
        "c3 ─┘            ├─ …",
        "c4 ─┬─ … ──┐     │",
        "c5 ─┘      ├─ … ─┘",
        "c6 ─┬─ … ──┘",
        "c7 ─┘",
    ]


def test_votes_and_coins_stand_behind_the_winner() -> None:
    matches = [
        match(Position(1, 0), 0, 1, 1, votes=(1, 3)),
        match(Position(1, 1), 2, 3, 2, votes=(2, 2), by=DecidedBy.COIN),
        match(Position(2, 0), 1, 2, 1, votes=(3, 0)),
    ]
    assert drawn(4, matches) == [
        "c0 ─┲━ c1 3:1 ━━┓",
        "c1 ━┛           ┡━ c1 3:0",
        "c2 ─┬─ c2 2:2* ─┘",
        "c3 ─┘",
    ]


def test_a_failed_match_says_so() -> None:
    failed = replace(match(Position(1, 0), 0, 1, None), state=MatchState.FAILED)
    assert drawn(2, [failed]) == ["c0 ─┬─ failed", "c1 ─┘"]


def test_a_terminal_without_box_characters_gets_ascii() -> None:
    lines = drawn(12, played(12, decided=7), ascii_only=True)
    assert "\n".join(lines).isascii()
    assert drawn(2, [match(Position(1, 0), 0, 1, 1)], ascii_only=True) == [
        "c0 -+= c1",
        "c1 =+",
    ]


def test_exactly_the_champions_path_is_strong() -> None:
    matches = [match(Position(1, 0), 0, 1, 1), match(Position(2, 0), 1, 2, 1)]
    lines = draw(leaves(3, 0, Seeding.GIVEN), names(3), matches, WIDE)
    strong = ["".join(s.text for s in line if s.strong) for line in lines]
    assert strong == ["┲━c1━┓", "c1━┛┡━c1", ""]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 12, 32, 64])
def test_every_candidate_has_a_row_and_every_match_a_winner(size: int) -> None:
    lines = drawn(size, played(size))
    assert len(lines) == size
    labels = [word for line in lines for word in line.split() if word.startswith("c")]
    assert len(labels) == size + size - 1


@given(st.integers(2, 70), st.integers(0, 5), st.integers(0, 69), st.integers(40, 130))
def test_a_tree_never_leaves_its_terminal(size: int, seed: int, decided: int, width: int) -> None:
    for lines in (
        drawn(size, played(size, seed=seed, decided=decided), width),
        drawn(size, played(size, seed=seed), width),
    ):
        if not lines[0].startswith("round"):
            assert max(map(cell_len, lines)) <= width


def test_long_names_are_cut_so_that_they_stay_different() -> None:
    keys = ["alpha-of-the-first-lab", "beta-of-the-second-lab"]
    matches = [match(Position(1, 0), 0, 1, 1)]
    lines = text(draw((CandidateNumber(0), CandidateNumber(1)), keys, matches, 40))
    assert lines == [
        "alpha-of-the-first-lab ─┲━ beta-o…nd-lab",
        "beta-of-the-second-lab ━┛",
    ]


def test_names_that_would_look_alike_give_way_to_numbers() -> None:
    keys = ["instruct-7-of-the-lab", "instruct-9-of-the-lab"]
    matches = [match(Position(1, 0), 0, 1, 1)]
    lines = text(draw((CandidateNumber(0), CandidateNumber(1)), keys, matches, 40))
    assert lines == [
        "1 instruct-7-of-the-lab ─┲━ 2",
        "2 instruct-9-of-the-lab ━┛",
    ]


def test_a_terminal_too_narrow_for_a_tree_gets_the_rounds() -> None:
    matches = [match(Position(1, 0), 0, 1, 1), match(Position(2, 0), 1, 2, None)]
    assert drawn(3, matches, 14) == [
        "round 1 of 2",
        "  c1 beats c0",
        "  c2 has a bye",
        "final",
        "  c1 - c2: undecided",
    ]


def test_ids_cannot_command_the_terminal() -> None:
    keys = ["\x1b[31mred", "[bold]b[/bold]"]
    lines = text(draw((CandidateNumber(0), CandidateNumber(1)), keys, [], WIDE))
    assert lines == [r"\x1b[31mred ────┬─ …", "[bold]b[/bold] ─┘"]


def played_double(size: int, *, seed: int = 0, most: int = 999) -> list[TalliedMatch]:
    """A double elimination's matches; after `most` none is decided."""
    chance, strategy = random.Random(seed), DoubleElimination(Seeding.GIVEN)
    found: list[TalliedMatch] = []
    outcomes: dict[Position, Outcome | None] = {}
    while True:
        plan = strategy.plan(size, History(matches=outcomes), seed)
        if isinstance(plan, Finished) or not plan.new:
            return found
        for position, first, second in ((p.position, p.first, p.second) for p in plan.new):
            winner = chance.choice((first, second)) if len(found) < most else None
            outcomes[position] = None if winner is None else Outcome(winner)
            found.append(match(position, first, second, winner))


def drawn_double(size: int, matches: list[TalliedMatch], width: int = WIDE) -> list[str]:
    first_line = leaves(size, 0, Seeding.GIVEN)
    return text(draw_double(first_line, names(size), matches, width))


@pytest.mark.parametrize("size", range(1, 20))
def test_every_match_of_a_double_elimination_is_shown(size: int) -> None:
    for seed in range(4):
        matches = played_double(size, seed=seed)
        lines = drawn_double(size, matches)
        upper = (size - 1).bit_length()
        listed = [line for line in lines if " beats " in line]
        assert len(listed) == sum(match.round > upper for match in matches)
        for match in matches:
            if match.round > upper:
                assert match.winner is not None
                loser = match.second if match.winner == match.first else match.first
                assert f"  c{match.winner} beats c{loser}" in listed
        shown = "\n".join(lines)
        assert all(name in shown for name in names(size))
        if size > 1:
            last = max(matches, key=lambda match: match.position)
            assert listed[-1].startswith(f"  c{last.winner} beats")


def test_a_double_elimination_under_way_shows_what_is_open() -> None:
    lines = drawn_double(4, played_double(4, most=3))
    assert lines[0] == "winners' bracket"
    assert "losers' bracket, round 1 of 2" in lines
    assert lines[-2:] == ["final", next(line for line in lines[-1:] if "undecided" in line)]
    assert drawn_double(4, played_double(4, most=3), 10)[0] == "winners' bracket"
