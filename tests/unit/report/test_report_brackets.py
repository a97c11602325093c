"""Brackets as pictures: every match has a box, no two touch, lines lead to the right."""

import random
import re
from itertools import combinations

import pytest
from kit.report_samples import line_of

from rrm_queue.domain import (
    CandidateNumber,
    DecidedBy,
    MatchId,
    MatchState,
    Outcome,
    Position,
    Seeding,
    TournamentId,
    TournamentState,
)
from rrm_queue.reports.brackets import MOST, ROW, WIDTH, Box, Picture, picture
from rrm_queue.reports.contents import Bracket, Tournament
from rrm_queue.strategies import Finished, named
from rrm_queue.strategies.base import History
from rrm_queue.views.matches import TalliedMatch
from rrm_queue.views.tournaments import TournamentView

SIZES = [2, 3, 4, 5, 6, 7, 8, 11, 16, 23, 32, 33, 64, 100]


def played(strategy: str, size: int, *, stop: int | None = None, votes: int = 3) -> Tournament:
    """A tournament played by chance, its first `stop` matches alone."""
    chance = random.Random(size)
    plan = named(strategy)
    matches: dict[Position, Outcome | None] = {}
    found: list[TalliedMatch] = []
    champion = None
    while True:
        step = plan.plan(size, History(len(matches), len(matches), matches), seed=size)
        if isinstance(step, Finished):
            assert step.places is not None
            champion = min(step.places, key=lambda one: step.places[one])  # type: ignore[index]
            break
        for pairing in step.new:
            winner = chance.choice((pairing.first, pairing.second))
            matches[pairing.position] = Outcome(winner)
            scores = (2, 1) if winner == pairing.first else (0, 2)
            found.append(
                TalliedMatch(
                    *pairing.position, pairing.first, pairing.second, MatchState.DONE, winner,
                    DecidedBy.VOTES, id=MatchId(len(found)), error=None, votes=votes,
                    for_first=scores[0], for_second=scores[1],
                )
            )  # fmt: skip
            if stop is not None and len(found) == stop:
                return held(strategy, size, found, None)
    return held(strategy, size, found, champion)


def held(
    strategy: str, size: int, matches: list[TalliedMatch], champion: CandidateNumber | None
) -> Tournament:
    view = TournamentView(
        id=TournamentId(1), key="t", prompt="", reference=None, size=size, seed=size,
        state=TournamentState.DONE, champion=champion, error=None, planned=len(matches),
    )  # fmt: skip
    return Tournament(
        view=view, line=line_of(view), prompt=None, reference=None,
        names=[f"candidate {number}" for number in range(size)], answers=(), matches=matches,
        planned=len(matches),
        bracket=Bracket(Seeding.RANDOM, double=strategy == "double-elimination"),
    )  # fmt: skip


def drawn(tournament: Tournament) -> Picture:
    found = picture(tournament)
    assert found is not None
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strategy", ["knockout", "double-elimination"])
def test_every_match_has_a_box_with_its_two_and_the_winner_bold(strategy: str, size: int) -> None:
    tournament = played(strategy, size)
    boxes = {box.match: box for box in drawn(tournament).boxes}
    assert set(boxes) == {match.name for match in tournament.matches}
    for match in tournament.matches:
        sides = {side.full: side for side in boxes[match.name].sides}
        assert set(sides) == {tournament.names[n] for n in (match.first, match.second)}
        assert match.winner is not None
        assert sides[tournament.names[match.winner]].won
        assert sum(side.won for side in sides.values()) == 1
        assert {int(side.votes) for side in sides.values()} == {
            match.for_first, match.for_second,
        }  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strategy", ["knockout", "double-elimination"])
def test_boxes_do_not_touch_and_stay_within_the_picture(strategy: str, size: int) -> None:
    found = drawn(played(strategy, size))
    for one, other in combinations(found.boxes, 2):
        assert apart(one, other), (one.match, other.match)
    for box in found.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + WIDTH <= found.width
        assert box.y + 2 * ROW <= found.height


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("strategy", ["knockout", "double-elimination"])
def test_lines_run_to_the_right_and_end_at_a_box(strategy: str, size: int) -> None:
    found = drawn(played(strategy, size))
    ends = {(box.x, box.y + ROW) for box in found.boxes}
    starts = {(box.x + WIDTH, box.y + ROW) for box in found.boxes}
    for line in (*found.lines, *found.strong):
        x0, y0, bend, y1, x1 = map(float, re.findall(r"[\d.]+", line))
        assert x0 <= bend < x1
        assert (x1, y1) in ends
        assert x0 in {x for x, _ in starts}
        assert any(y0 == y for _, y in starts) or strategy == "double-elimination"


def test_the_champion_s_way_is_strong() -> None:
    tournament = played("knockout", 16)
    found = drawn(tournament)
    champion = tournament.names[tournament.view.champion or 0]
    assert sum(box.champion for box in found.boxes) == len(found.strong) + 1 == 4
    assert all(champion in box.label for box in found.boxes if box.champion)


@pytest.mark.parametrize("strategy", ["knockout", "double-elimination"])
@pytest.mark.parametrize("stop", [0, 1, 5])
def test_an_unfinished_bracket_shows_what_is_not_known(strategy: str, stop: int) -> None:
    tournament = played(strategy, 8, stop=stop) if stop else held(strategy, 8, [], None)
    found = drawn(tournament)
    assert sum(any(side.won for side in box.sides) for box in found.boxes) == stop
    assert any("…" in (side.name for side in box.sides) for box in found.boxes)
    assert not found.strong


def test_what_cannot_be_read_is_not_drawn() -> None:
    assert picture(held("knockout", 1, [], CandidateNumber(0))) is None
    assert picture(held("knockout", MOST + 1, [], None)) is None


def apart(one: Box, other: Box) -> bool:
    return abs(one.x - other.x) >= WIDTH + 8 or abs(one.y - other.y) >= 2 * ROW + 4
