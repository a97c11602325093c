"""Which pairs become preferences."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import (
    Candidate,
    CandidateNumber,
    DecidedBy,
    MatchState,
    Standing,
)
from rrm_queue.errors import UsageFault
from rrm_queue.exports import KINDS, export_of
from rrm_queue.exports.decisions import Decisions
from rrm_queue.exports.preferences import Pairs, Preferences
from rrm_queue.views.matches import Match
from rrm_queue.views.tournaments import FinishedTournament

SIZE = 5
Met = tuple[int, int, int | None, DecidedBy]


def match(first: int, second: int, winner: int | None, by: DecidedBy = DecidedBy.VOTES) -> Match:
    won = None if winner is None else CandidateNumber(winner)
    return Match(1, 0, CandidateNumber(first), CandidateNumber(second), MatchState.DONE, won, by)


def tournament(*matches: Match, ranks: tuple[int, ...] = (1, 2, 3, 4, 5)) -> FinishedTournament:
    candidates = [Candidate(f"c{number}", f"text {number}") for number in range(SIZE)]
    standings = [
        Standing(CandidateNumber(number), rank, 0, 0, 0, 1000.0, 1000.0 - 100 * number)
        for number, rank in enumerate(ranks)
    ]
    return FinishedTournament("t", "?", candidates, standings, matches)


def pairs(export: Preferences, finished: FinishedTournament) -> list[tuple[str, str]]:
    return [(row["chosen_id"], row["rejected_id"]) for row in export.rows(finished)]


@st.composite
def met(draw: st.DrawFn) -> Match:
    first, second = draw(st.lists(st.integers(0, SIZE - 1), min_size=2, max_size=2, unique=True))
    winner = draw(st.sampled_from([first, second, None]))
    by = DecidedBy.VOTES if winner is None else draw(st.sampled_from(DecidedBy))
    return match(first, second, winner, by)


@given(st.lists(met()), st.sampled_from(Pairs))
def test_every_pair_was_decided_by_the_judge(matches: list[Match], which: Pairs) -> None:
    decided = {
        (f"c{m.judged_winner}", f"c{({m.first, m.second} - {m.judged_winner}).pop()}")
        for m in matches
        if m.judged_winner is not None
    }
    found = pairs(Preferences(pairs=which), tournament(*matches))
    assert set(found) <= decided
    assert len(set(map(frozenset, found))) == len(found)


@given(st.lists(met()))
def test_what_follows_contradicts_nothing(matches: list[Match]) -> None:
    decisions = Decisions.of(matches)
    own, all_of_them = set(decisions.pairs()), set(decisions.closure())
    assert own <= all_of_them
    assert not {(b, a) for a, b in all_of_them} & all_of_them
    assert not {frozenset(edge) for edge in all_of_them} & decisions.open_pairs


def test_a_chain_is_followed_only_when_asked() -> None:
    chain = tournament(*(match(a, b, a) for a, b in pairwise(range(SIZE))))
    assert pairs(Preferences(), chain) == []
    assert pairs(Preferences(transitive=True), chain) == [("c0", "c4")]
    every = Preferences(pairs=Pairs.DECIDED, transitive=True)
    assert len(pairs(every, chain)) == SIZE * (SIZE - 1) // 2


def test_a_cycle_and_a_draw_in_between_imply_nothing() -> None:
    cycle = tournament(match(0, 1, 0), match(1, 2, 1), match(2, 0, 2))
    every = Preferences(pairs=Pairs.DECIDED, transitive=True)
    assert set(pairs(every, cycle)) == {("c0", "c1"), ("c1", "c2"), ("c2", "c0")}
    drawn = tournament(match(0, 1, 0), match(1, 2, 1), match(0, 2, None))
    assert ("c0", "c2") not in pairs(every, drawn)


def test_the_worst_is_any_of_the_last_rank() -> None:
    finished = tournament(match(0, 3, 0), ranks=(1, 2, 3, 3, 3))
    assert pairs(Preferences(), finished) == [("c0", "c3")]


def test_a_pair_with_different_winners_is_no_preference() -> None:
    finished = tournament(match(0, 4, 0), match(4, 0, 4))
    assert pairs(Preferences(pairs=Pairs.DECIDED), finished) == []


def test_neighbours_that_share_a_rank_are_no_preference() -> None:
    finished = tournament(match(0, 1, 0), match(1, 2, 1), ranks=(1, 1, 3, 4, 5))
    assert pairs(Preferences(pairs=Pairs.ADJACENT), finished) == [("c1", "c2")]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "preferences"])
def test_an_option_of_another_kind_is_refused(kind: str) -> None:
    with pytest.raises(UsageFault, match=f"margin does not go with kind='{kind}'"):
        export_of(kind, {"margin": 1.0})
