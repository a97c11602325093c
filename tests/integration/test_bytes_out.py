"""What is out of a queue is bounded in bytes, on real Postgres and Valkey."""

import json

import pytest
from kit.jobs import QUEUE, received, submit_file

from rrm_queue.broker.client import BrokerClient
from rrm_queue.coordinator.byte_budget import TextBytes, budget
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.judge_batch import read_fitting, read_texts
from rrm_queue.domain import BatchId, CandidateNumber, JobId, JudgeSpec, MatchId, TournamentId
from rrm_queue.messages import encode
from rrm_queue.store.connection import text
from rrm_queue.store.database import Database
from rrm_queue.store.queue import dispatching
from rrm_queue.store.queue.dispatching import ReadyMatch

LIMIT = 30_000_000

TOURNAMENTS = text("SELECT id FROM tournaments ORDER BY id LIMIT 2")


@pytest.fixture
def most(broker: BrokerClient, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many bytes may be out, as the server's `maxmemory` allows no more."""
    facts = broker.facts
    monkeypatch.setattr(broker, "facts", lambda queue: facts(queue)._replace(maxmemory=LIMIT))
    return budget(LIMIT)


def test_the_servers_limit_is_read(broker: BrokerClient) -> None:
    assert broker.facts(QUEUE).maxmemory == 0
    broker.client.config_set("maxmemory", 10 * LIMIT)
    try:
        assert broker.facts(QUEUE).maxmemory == 10 * LIMIT
    finally:
        broker.client.config_set("maxmemory", 0)


def big_answers(size: int) -> bytes:
    """Four tournaments of four answers of so many bytes each."""
    return b"".join(
        json.dumps(
            {
                "id": f"t{number}",
                "prompt": "Which is largest?",
                "candidates": [{"id": f"c{i}", "text": f"{i} {'x' * size}"} for i in range(4)],
                "reference": "3",
            }
        ).encode()
        + b"\n"
        for number in range(4)
    )


def out(database: Database) -> int:
    """Bytes of the messages that are out, as the store knows them."""
    with database.begin() as tx:
        return dispatching.out_bytes(tx, [QUEUE], BatchId(0)).get(QUEUE, 0)


def test_answers_are_read_as_far_as_they_fit_and_the_bytes_of_all_are_told(
    database: Database,
) -> None:
    submit_file(database, big_answers(1000), strategy="elo")
    with database.begin() as tx:
        tournament = TournamentId(tx.scalar(text("SELECT min(id) FROM tournaments")))
        wanted = [(tournament, CandidateNumber(number)) for number in (3, 0, 2)]
        found = dispatching.answers(tx, wanted, gold=False, room=2005)
        none = dispatching.answers(tx, wanted, gold=False, room=1001)
    assert found.bytes == none.bytes == dict.fromkeys(wanted, 1002)
    assert list(found.read) == wanted[:2]
    assert found.read[wanted[0]].text == f"3 {'x' * 1000}"
    assert none.read == {}


def test_tournaments_take_their_part_of_the_room_and_what_is_missing_is_read(
    database: Database,
) -> None:
    submit_file(database, big_answers(1000), strategy="elo")
    judges, about = [JudgeSpec("reference")], len("Which is largest?3")
    with database.begin() as tx:
        first, second = map(TournamentId, tx.scalars(TOURNAMENTS))
        refs = [(first, CandidateNumber(0)), (first, CandidateNumber(1))]
        read, sizes = read_fitting(tx, judges, [first, second], refs, 2 * about + 1002)
        none, _ = read_fitting(tx, judges, [first, second], refs, about)
        match = ReadyMatch(MatchId(1), JobId("a"), first, *(number for _, number in refs))
        whole = read_texts(tx, judges, [match], known=none)
    assert sizes == TextBytes({first: about, second: about}, dict.fromkeys(refs, 1002))
    assert (list(read.tournaments), list(read.answers)) == ([first, second], refs[:1])
    assert (list(none.tournaments), list(none.answers)) == ([first], [])
    assert whole.tournaments == none.tournaments
    assert list(whole.answers) == refs


@pytest.mark.parametrize("size", [1_000_000, 6_000_000])
def test_what_is_out_is_bounded_in_bytes_and_a_larger_match_goes_alone(
    database: Database, broker: BrokerClient, most: int, size: int
) -> None:
    submit_file(database, big_answers(size), strategy="elo")
    sent = dispatch(database, broker)
    while dispatch(database, broker):
        pass
    assert 0 < sent < 24
    messages = list(received(broker))
    assert out(database) == pytest.approx(sum(len(encode(one)) for one in messages), abs=100)
    if size > most // 2:
        assert sum(len(one.matches) for one in messages) == 1
    else:
        assert most // 2 < out(database) <= most
