"""The inbox: what is taken up at once, what stays, and what a stranger leaves there."""

from collections.abc import Sequence

import msgspec
import pytest
from kit.jobs import judged, lines, received, record_waiting, submit_file, waiting_flushes
from kit.paid_votes import view

from rrm_queue.broker import inbox
from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.inbox import PLACES_KEY, inbox_key
from rrm_queue.coordinator import batching
from rrm_queue.coordinator.dispatch import dispatch
from rrm_queue.coordinator.recorder import Recorder
from rrm_queue.domain import BatchId, JobId, JobState, Verdict, Vote
from rrm_queue.messages import Flush, MatchReport, Outcomes, decode, encode
from rrm_queue.store.database import Database


def flush(batch: int, match: int, text: str = "reasoning") -> Outcomes:
    vote = Vote(1, Verdict.FIRST, text=text)
    return Outcomes(batch, "job", "worker", [MatchReport(match, [vote])])


def matches(flushes: Sequence[Flush]) -> list[int]:
    return [decode(one.body, Outcomes).matches[0].match for one in flushes]


def test_all_that_lies_there_is_taken_up_at_once_in_order_of_batches(broker: BrokerClient) -> None:
    for batch, match in ((7, 1), (3, 2), (7, 3)):
        broker.send_outcomes(flush(batch, match))
    taken = broker.receive(1)
    assert matches(taken) == [1, 3, 2]
    assert [(one.job, one.batch) for one in taken] == [("job", 7)] * 2 + [("job", 3)]
    assert broker.receive(0.01) == [], "it is taken up once"


def test_what_was_taken_up_stays_until_it_is_recorded(broker: BrokerClient) -> None:
    broker.send_outcomes(flush(7, 1))
    taken = broker.receive(1)
    broker.relist([(JobId("job"), BatchId(7))])
    assert broker.receive(1) == taken
    broker.ack(taken)
    broker.relist([(JobId("job"), BatchId(7))])
    assert broker.receive(0.01) == []
    assert not broker.client.exists(inbox_key("job", 7))


def test_a_place_is_listed_again_once_whoever_else_waits(broker: BrokerClient) -> None:
    broker.send_outcomes(flush(7, 1))
    assert broker.receive(1)
    broker.send_outcomes(flush(8, 2))
    for _ in range(2):
        broker.relist([(JobId("job"), BatchId(7)), (JobId("job"), BatchId(8))])
    assert broker.client.lrange(PLACES_KEY, 0, -1) == ["job:8", "job:7"]


@pytest.mark.parametrize("bound", ["MOST_FLUSHES", "MOST_BYTES"])
def test_no_more_is_taken_up_than_memory_is_there_for(
    broker: BrokerClient, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(inbox, bound, {"MOST_FLUSHES": 2, "MOST_BYTES": 1500}[bound])
    for match in range(5):
        broker.send_outcomes(flush(7 + match // 4, match, text="x" * 1000))
    seen = []
    for _ in range(5):
        taken = broker.receive(0.01)
        assert len(taken) <= 2
        seen += matches(taken)
        broker.ack(taken)
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_what_a_stranger_lists_is_passed_over(broker: BrokerClient) -> None:
    broker.client.set(inbox_key("odd", 1), "no hash")
    broker.client.hset(inbox_key("x", 0) + "x", "id", "body")
    broker.client.rpush(PLACES_KEY, b"\xff:3", "odd:1", "x:0x", "", "nothing", b"\xff:3")
    broker.send_outcomes(flush(7, 1))
    assert matches(broker.receive(1)) == [1]


def test_what_a_stranger_names_oddly_is_removed_like_any_other(broker: BrokerClient) -> None:
    broker.client.hset(inbox_key("job", 7), b"\xff", b"no outcomes")
    broker.relist([(JobId("job"), BatchId(7))])
    broker.ack(broker.receive(1))
    assert not broker.client.exists(inbox_key("job", 7))


@pytest.mark.parametrize("bound", ["MOST_FLUSHES", "MOST_BYTES"])
def test_nobody_waits_for_more_than_can_be_taken_up_of_what_is_left_to_others(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(inbox, bound, {"MOST_FLUSHES": 2, "MOST_BYTES": 1500}[bound])
    job = submit_file(database, lines([2]))
    dispatch(database, broker)
    (batch,) = received(broker)
    newer = msgspec.msgpack.decode(encode(flush(0, 1, "x" * 1000))) | {"type": "rrmq.outcomes.9"}
    for id_ in ("a", "b", "c", "d"):
        broker.client.hset(inbox_key(job, 0), id_, msgspec.msgpack.encode(newer))
    broker.relist([(job, BatchId(0))])
    broker.send_outcomes(judged(batch))
    record_waiting(database, broker)
    record_waiting(database, broker)
    assert view(database, job).state is JobState.SUCCEEDED
    assert len(waiting_flushes(broker, job, 0)) == 4
    assert record_waiting(database, broker) == 0, "what is left is not taken up again and again"


def test_flushes_of_many_batches_are_recorded_together(
    database: Database, broker: BrokerClient
) -> None:
    job = submit_file(database, lines([2] * 200))
    while dispatch(database, broker):
        batches = list(received(broker))
        for batch in batches:
            broker.send_outcomes(judged(batch))
            broker.send_outcomes(judged(batch))  # a repeat
        assert record_waiting(database, broker) == len(batches)
        assert not any(waiting_flushes(broker, job, batch.batch) for batch in batches)
    assert view(database, job).state is JobState.SUCCEEDED
    assert view(database, job).votes == 200


def test_who_stops_records_what_it_has_begun_and_leaves_the_rest(
    database: Database, broker: BrokerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MOST_RECORDED", 1)  # so each flush is a group of its own
    for name in ("one", "two"):
        submit_file(database, lines([2]), id=name, anew=True)
    dispatch(database, broker)
    for batch in list(received(broker)):
        broker.send_outcomes(judged(batch))
    recorder = Recorder(database, broker, lambda: recorder.stop())
    assert recorder.turn() == 2
    states = {view(database, JobId(name)).state for name in ("one", "two")}
    assert states == {JobState.SUCCEEDED, JobState.RUNNING}
    assert len(list(broker.client.scan_iter(inbox_key("*", 0)[:-1] + "*"))) == 1
