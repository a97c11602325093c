"""Every strategy through Postgres and the broker, with the test in the worker's place."""

import json
import random
from typing import Any

import pytest
from kit.jobs import judged, play, received, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.record import record
from rrm_queue.domain import (
    CandidateNumber,
    JobId,
    JobState,
    Outcome,
    Pairing,
    Position,
)
from rrm_queue.judging.orientation import Orientation
from rrm_queue.seeds import derive
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.views.results import job_results
from rrm_queue.strategies import Pairings, Strategy, named
from rrm_queue.strategies.base import History
from rrm_queue.views.tournaments import TournamentResult

SIZES = list(range(2, 21))
SEED = 7
STRATEGIES = [
    *("knockout", "double-elimination", "elo", "sampled", "sampled:4", "swiss", "swiss:2"),
    *("pivot", "pivot:1", "pairs", "adaptive:best,confidence=0.9"),
]

Pairs = list[tuple[int, int]]
Played = dict[Position, frozenset[int]]
"""Who met where, whoever was shown first."""


def some_pairs(size: int) -> Pairs:
    """Half of all pairs, each named in a drawn order."""
    chance = random.Random(size)
    every = [(one, two) for one in range(size) for two in range(one)]
    drawn = chance.sample(every, (len(every) + 1) // 2)
    return [(one, two) if chance.random() < 0.5 else (two, one) for one, two in drawn]


def file_of(sizes: list[int], pairs: dict[int, Pairs]) -> bytes:
    rows = [
        {
            "id": f"t{size}",
            "prompt": f"Which is largest? ({size})",
            "candidates": [{"id": f"c{n}", "text": f"It is {n}."} for n in range(size)],
            "reference": str(size - 1),
            "pairs": [{"first": f"c{one}", "second": f"c{two}"} for one, two in pairs[size]]
            if size in pairs
            else None,
        }
        for size in sizes
    ]
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def needed(strategy: Strategy, size: int, seed: int) -> Played:
    """Every match of a tournament that is decided as `judged` does, a larger number winning."""
    pairings: dict[Position, Pairing] = {}
    while True:
        outcomes = {
            position: Outcome(CandidateNumber(max(pairing.first, pairing.second)))
            for position, pairing in pairings.items()
        }
        history = History(len(outcomes), len(outcomes))
        if strategy.looks_back:
            shown = {
                position: in_slots(pairing, size, seed) for position, pairing in pairings.items()
            }
            history = History(len(outcomes), len(outcomes), outcomes, shown)
        decision = strategy.plan(size, history, seed)
        if not isinstance(decision, Pairings):
            return {place: frozenset((p.first, p.second)) for place, p in pairings.items()}
        pairings |= {pairing.position: pairing for pairing in decision.new}


def in_slots(pairing: Pairing, size: int, seed: int) -> tuple[CandidateNumber, CandidateNumber]:
    """The pair as its first vote shows it: in every other meeting the other way round."""
    one = Orientation(size, seed).slot_one(pairing.first, pairing.second)
    two = pairing.second if one == pairing.first else pairing.first
    return (one, two) if pairing.meeting % 2 else (two, one)


def in_store(database: Database, job: JobId) -> dict[str, Played]:
    with database.begin() as tx:
        rows = tx.execute(
            text("""
                SELECT t.key, m.round, m.slot, m.first, m.second
                FROM matches m JOIN tournaments t ON t.id = m.tournament_id
                WHERE m.job_id = :job AND m.state = 'done' AND m.first <> m.second
            """),
            {"job": job},
        ).all()
    found: dict[str, Played] = {}
    for key, round_, slot, first, second in rows:
        found.setdefault(key, {})[Position(round_, slot)] = frozenset((first, second))
    return found


def counters(database: Database, job: JobId) -> tuple[Any, ...]:
    with database.begin() as tx:
        return tuple(
            tx.execute(
                text("""
                    SELECT state, tournaments_done, matches_done, votes,
                           (SELECT count(*) FROM matches WHERE job_id = j.id),
                           (SELECT count(*) FROM votes v JOIN matches m ON m.id = v.match_id
                            WHERE m.job_id = j.id)
                    FROM jobs j WHERE id = :job
                """),
                {"job": job},
            ).one()
        )


def results(database: Database, job: JobId) -> list[TournamentResult]:
    with database.begin() as tx:
        return list(job_results(tx, job))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_job_plays_what_its_strategy_needs_however_its_outcomes_come(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    pairs = {size: some_pairs(size) for size in SIZES} if strategy == "pairs" else {}
    file = file_of(SIZES, pairs)
    expected = {
        f"t{size}": needed(
            named(
                strategy,
                pairs=[(CandidateNumber(a), CandidateNumber(b)) for a, b in pairs.get(size, [])],
            ),
            size,
            derive(SEED, f"t{size}"),
        )
        for size in SIZES
    }
    total = sum(map(len, expected.values()))
    undisturbed: list[TournamentResult] = []
    for chaos in (0, 1, 2):
        job = submit_file(
            database, file, strategy=strategy, seed=SEED, id=f"job{chaos}", anew=chaos > 0
        )
        play(database, broker, chaos=chaos)
        assert in_store(database, job) == expected
        assert counters(database, job) == (JobState.SUCCEEDED, len(SIZES), *(total,) * 4)
        undisturbed = undisturbed or results(database, job)
        assert results(database, job) == undisturbed
    for size, result in zip(SIZES, undisturbed, strict=True):
        assert sorted(line.key for line in result.standings) == sorted(f"c{n}" for n in range(size))
        if strategy in {"knockout", "double-elimination", "elo"}:
            assert result.champion == f"c{size - 1}"


@pytest.mark.parametrize("strategy", ["pairs", "elo"])
def test_the_order_in_which_a_file_names_a_pair_does_not_show(
    database: Database, broker: BrokerClient, strategy: str
) -> None:
    """Nor does the label: who is shown first is drawn from the candidates and the seed alone."""
    shown: list[list[tuple[Any, ...]]] = []
    for turn in (False, True):
        pairs = {size: [(b, a) if turn else (a, b) for a, b in some_pairs(size)] for size in SIZES}
        rows = [json.loads(line) for line in file_of(SIZES, pairs).splitlines()]
        for row in rows:
            for pair in row["pairs"]:
                pair["label"] = pair["first"]  # whoever is named first is preferred
        file = "".join(json.dumps(row) + "\n" for row in rows).encode()
        job = submit_file(database, file, strategy=strategy, seed=SEED, id=f"turned{turn:d}")
        play(database, broker)
        with database.begin() as tx:
            query = text("""
                SELECT t.key, m.first, m.second FROM matches m JOIN tournaments t
                ON t.id = m.tournament_id WHERE m.job_id = :job ORDER BY t.line, m.round, m.slot
            """)
            shown.append([tuple(row) for row in tx.execute(query, {"job": job})])
    assert shown[0] == shown[1]
    ahead = sum(first < second for _, first, second in shown[0])
    assert 0.4 < ahead / len(shown[0]) < 0.6, "with one vote either is shown first about as often"


def test_labels_and_subsets_arrive_in_the_store(database: Database) -> None:
    answers = [{"id": f"c{n}", "text": f"It is {n}.", "gold": n > 1} for n in range(3)]
    pairs = [
        {"first": "c2", "second": "c0", "label": "c2"},
        {"first": "c0", "second": "c1", "label": "tie"},
        {"first": "c1", "second": "c2"},
    ]
    row = {"prompt": "p", "reference": "2", "candidates": answers, "pairs": pairs, "subset": "sums"}
    plain = {"prompt": "p", "reference": "2", "candidates": ["a", "b"]}
    submit_file(database, f"{json.dumps(row)}\n{json.dumps(plain)}\n".encode(), strategy="pairs")
    with database.begin() as tx:
        rows = tx.execute(text("SELECT pairs, subset FROM tournaments ORDER BY id")).all()
        gold = tx.scalars(text("SELECT gold FROM candidates ORDER BY tournament_id, number")).all()
    assert [tuple(row) for row in rows] == [
        (
            [
                {"first": 2, "second": 0, "label": "first"},
                {"first": 0, "second": 1, "label": "tie"},
                {"first": 1, "second": 2, "label": None},
            ],
            "sums",
        ),
        (None, None),
    ]
    assert gold == [0, 0, 1, None, None]


@pytest.mark.parametrize("kind", ["openai", "sglang", "replay", "reference", "simulated"])
def test_how_good_an_answer_is_travels_to_simulated_judges_alone(
    database: Database, broker: BrokerClient, kind: str
) -> None:
    answers = [{"text": f"answer {n}", "gold": n + 0.123456} for n in range(2)]
    file = json.dumps({"prompt": "p", "reference": "1", "candidates": answers}).encode()
    submit_file(database, file, judge={"kind": kind, "argument": "0.8"})
    dispatch(database, broker)
    (batch,) = received(broker)
    gold = [answer.gold for answer in batch.questions[0].answers]
    assert gold == ([0.123456, 1.123456] if kind == "simulated" else [None, None])
    record(database, judged(batch))
