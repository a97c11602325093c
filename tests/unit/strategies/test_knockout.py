"""Knockouts of every size from 1 to 130, played with random winners in random order."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.domain import CandidateNumber, Outcome, Pairing, Position, Seeding
from rrm_queue.strategies import Finished, Pairings, named
from rrm_queue.strategies.base import History
from rrm_queue.strategies.bracket import leaves, nodes, places

pytestmark = pytest.mark.no_cover

SIZES = range(2, 131)
Judge = Callable[[Pairing], CandidateNumber]


@dataclass
class Table:
    """Where a knockout is played: what is planned, what is decided, and how it ended."""

    size: int
    seed: int
    judge: Judge
    seeding: Seeding = Seeding.RANDOM
    pairings: dict[Position, Pairing] = field(default_factory=dict)
    outcomes: dict[Position, Outcome | None] = field(default_factory=dict)

    def plan(self) -> Pairings | Finished:
        decided = sum(outcome is not None for outcome in self.outcomes.values())
        history = History(len(self.outcomes), decided, self.outcomes)
        return named("knockout", seeding=self.seeding).plan(self.size, history, self.seed)

    def insert(self, decision: Pairings) -> None:
        for pairing in decision.new:
            assert self.pairings.setdefault(pairing.position, pairing) == pairing
            self.outcomes.setdefault(pairing.position, None)

    def open(self) -> list[Position]:
        return [position for position, outcome in self.outcomes.items() if outcome is None]

    def decide(self, position: Position) -> None:
        self.outcomes[position] = Outcome(self.judge(self.pairings[position]))

    def played(self, chance: random.Random) -> Finished:
        """Plays to the end: planning now and then, deciding in any order."""
        while True:
            decision = self.plan()
            assert self.plan() == decision
            if isinstance(decision, Finished):
                return decision
            self.insert(decision)
            again = self.plan()
            assert isinstance(again, Pairings)
            assert not again.new
            waiting = self.open()
            for position in chance.sample(waiting, chance.randint(1, len(waiting))):
                self.decide(position)


def coin(chance: random.Random) -> Judge:
    return lambda pairing: chance.choice((pairing.first, pairing.second))


def of_the_pair(salt: int) -> Judge:
    def judge(pairing: Pairing) -> CandidateNumber:
        low, high = sorted((pairing.first, pairing.second))
        return random.Random(f"{salt} {low} {high}").choice((low, high))

    return judge


@pytest.mark.parametrize("seeding", Seeding)
def test_any_size_takes_one_match_less_than_candidates_and_nobody_meets_twice(
    seeding: Seeding,
) -> None:
    for size in SIZES:
        chance = random.Random(size)
        table = Table(size, seed=size, judge=coin(chance), seeding=seeding)
        table.played(chance)
        assert len(table.pairings) == size - 1 == named("knockout").matches(size)
        pairs = {frozenset((pairing.first, pairing.second)) for pairing in table.pairings.values()}
        assert len(pairs) == size - 1
        assert all(len(pair) == 2 for pair in pairs)


def test_the_champion_is_the_one_that_lost_nothing_and_everybody_else_lost_once() -> None:
    for size in SIZES:
        chance = random.Random(-size)
        table = Table(size, seed=1, judge=coin(chance))
        finished = table.played(chance)
        lost = [
            candidate
            for position, pairing in table.pairings.items()
            for candidate in (pairing.first, pairing.second)
            if (outcome := table.outcomes[position]) is not None and outcome.winner != candidate
        ]
        assert finished.places is not None
        (champion,) = set(range(size)) - set(lost)
        assert len(lost) == size - 1
        assert finished.places[CandidateNumber(champion)] == 1


def test_a_place_is_one_more_than_the_number_of_those_who_got_further() -> None:
    for size in SIZES:
        chance = random.Random(size)
        table = Table(size, seed=2, judge=coin(chance))
        finished = table.played(chance)
        assert finished.places is not None
        assert set(finished.places) == set(range(size))
        last_round = {
            candidate: max(
                pairing.position.round
                for pairing in table.pairings.values()
                if candidate in (pairing.first, pairing.second)
            )
            + (place == 1)
            for candidate, place in finished.places.items()
        }
        for candidate, place in finished.places.items():
            further = sum(turn > last_round[candidate] for turn in last_round.values())
            assert place == 1 + further


def test_places_of_a_full_bracket_are_1_2_3_3_5_5_5_5() -> None:
    table = Table(8, seed=0, judge=lambda p: min(p.first, p.second), seeding=Seeding.GIVEN)
    finished = table.played(random.Random(0))
    assert finished.places == {0: 1, 4: 2, 2: 3, 6: 3, 1: 5, 3: 5, 5: 5, 7: 5}


def test_places_with_byes_count_who_got_further() -> None:
    table = Table(5, seed=0, judge=lambda p: min(p.first, p.second), seeding=Seeding.GIVEN)
    # The bracket is 0 1 | 2 - | 3 - | 4 -: 1 loses in round 1, 2 and 4 in round 2.
    assert leaves(5, 0, Seeding.GIVEN) == (0, 1, 2, None, 3, None, 4, None)
    assert table.played(random.Random(0)).places == {0: 1, 3: 2, 2: 3, 4: 3, 1: 5}


@given(size=st.integers(2, 130), seed=st.integers(0, 2**63 - 1), salt=st.integers())
def test_the_order_of_decisions_does_not_change_the_matches(
    size: int, seed: int, salt: int
) -> None:
    tables = [Table(size, seed, of_the_pair(salt)) for _ in range(2)]
    ends = [table.played(random.Random(salt + n)) for n, table in enumerate(tables)]
    assert tables[0].pairings == tables[1].pairings
    assert ends[0] == ends[1]


@given(size=st.integers(2, 130), seed=st.integers(0, 2**63 - 1), chance=st.randoms())
def test_a_match_starts_when_its_feeders_are_decided_whatever_else_is_open(
    size: int, seed: int, chance: random.Random
) -> None:
    table = Table(size, seed, coin(chance))
    line = leaves(size, seed, Seeding.RANDOM)
    byes = {Position(1, slot // 2) for slot, leaf in enumerate(line) if leaf is None}
    decision = table.plan()
    while isinstance(decision, Pairings):
        table.insert(decision)
        for position in list(table.outcomes):
            if table.outcomes[position] is None:
                continue
            above = Position(position.round + 1, position.slot // 2)
            twin = Position(position.round, position.slot ^ 1)
            known = twin in byes or table.outcomes.get(twin) is not None
            final = position.round == (size - 1).bit_length()
            assert final or (above in table.outcomes) == known
        table.decide(chance.choice(table.open()))
        decision = table.plan()


@pytest.mark.parametrize("seeding", Seeding)
def test_byes_are_spread_evenly_and_never_meet(seeding: Seeding) -> None:
    def check(part: tuple[CandidateNumber | None, ...]) -> None:
        half = len(part) // 2
        if half:
            upper, lower = part[:half], part[half:]
            assert lower.count(None) - upper.count(None) in (0, 1)
            check(upper)
            check(lower)

    for size in SIZES:
        line = leaves(size, 3, seeding)
        assert len(line) == 1 << (size - 1).bit_length()
        assert sorted(number for number in line if number is not None) == list(range(size))
        assert all(first is not None for first in line[::2])
        check(line)


def test_a_bye_is_no_match_and_its_candidate_stands_in_round_two() -> None:
    decision = named("knockout", seeding=Seeding.GIVEN).plan(3, History(), seed=0)
    assert decision == Pairings((Pairing(Position(1, 0), CandidateNumber(0), CandidateNumber(1)),))
    matches = {Position(1, 0): Outcome(CandidateNumber(1))}
    final = named("knockout", seeding=Seeding.GIVEN).plan(3, History(1, 1, matches), seed=0)
    assert final == Pairings((Pairing(Position(2, 0), CandidateNumber(1), CandidateNumber(2)),))


def test_given_seeding_lets_neighbours_meet_and_random_follows_the_seed() -> None:
    assert leaves(8, 5, Seeding.GIVEN) == tuple(range(8))
    assert leaves(8, 5, Seeding.RANDOM) == leaves(8, 5, Seeding.RANDOM)
    assert len({leaves(8, seed, Seeding.RANDOM) for seed in range(50)}) > 40
    # The same in every process and version: a bracket once drawn stays as it is.
    assert leaves(8, 5, Seeding.RANDOM) == (5, 0, 6, 3, 1, 2, 4, 7)


def test_the_bracket_tells_what_is_known_for_a_drawing() -> None:
    line = leaves(3, 0, Seeding.GIVEN)
    opening = list(nodes(line, {Position(1, 0): None}))
    assert opening == [
        (Position(1, 0), 0, 1, None),
        (Position(1, 1), 2, None, 2),
        (Position(2, 0), None, 2, None),
    ]
    assert [node.bye for node in opening] == [False, True, False]
    ended = list(
        nodes(
            line,
            {
                Position(1, 0): Outcome(CandidateNumber(1)),
                Position(2, 0): Outcome(CandidateNumber(2)),
            },
        )
    )
    assert [node.loser for node in ended] == [0, None, 1]
    assert places(ended) == {2: 1, 1: 2, 0: 3}


def test_a_draw_is_refused_since_nobody_could_go_on() -> None:
    history = History(1, 1, {Position(1, 0): Outcome(None)})
    with pytest.raises(ValueError, match="without one of its entrants as winner"):
        named("knockout").plan(2, history, seed=0)


def test_a_lone_candidate_is_champion_without_a_match() -> None:
    assert named("knockout").matches(1) == 0
    assert named("knockout").plan(1, History(), seed=0) == Finished({CandidateNumber(0): 1})
