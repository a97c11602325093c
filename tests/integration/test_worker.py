"""The worker's batches and leases, on a real Valkey and a judge that can wait."""

import socket

import pytest
from kit.waiting import PATIENCE, eventually
from kit.worker_house import House
from msgspec import structs
from rrm_worker.metrics import Metrics

from rrm_queue.broker.leases import WorkerLeases, lease_key
from rrm_queue.domain import BatchId, JobId
from rrm_queue.errors import UsageFault
from rrm_queue.messages import OVER, RETURNED, SharedMessage, encode


def test_a_batch_is_judged_and_its_lease_says_that_it_is_over(house: House) -> None:
    assert house.take(house.batch(False, False)).result(PATIENCE)
    assert sorted(house.decided()) == [0, 1]
    assert house.lease() == OVER


def test_there_is_no_room_while_the_engine_is_not_ready(house: House) -> None:
    assert house.worker.has_room(0)
    house.ready.clear()
    assert not house.worker.has_room(0), "a message that nobody can judge here is another's"


def test_there_is_room_until_there_is_a_match_for_each_place(house: House) -> None:
    """Whatever could be held of another judge's matches."""
    for number in range(1, 5):
        assert house.worker.has_room(number - 1)
        house.take(house.batch(True, True, number=number))
        house.until_held(2 * number)
    assert not house.worker.has_room(4)
    house.endpoint.answer_now.set()
    eventually(lambda: house.worker.has_room(0), "there is room again")


def test_a_batch_that_another_holds_is_dropped(house: House) -> None:
    assert WorkerLeases(house.broker.client, "other").take("job", 7)
    assert house.take(house.batch(False)).result(PATIENCE)
    assert house.decided() == []
    assert house.lease() == "other"


def test_a_batch_that_comes_twice_is_judged_once(house: House) -> None:
    first = house.take(house.batch(True))
    assert house.endpoint.kept.wait(PATIENCE)
    house.broker.client.delete(lease_key("job", 7))  # a lapse makes no difference
    assert house.take(house.batch(True)).result(PATIENCE)
    house.endpoint.answer_now.set()
    assert first.result(PATIENCE)
    assert house.decided() == [0]


def test_a_lease_is_renewed_and_taken_again_when_it_lapsed_unseen(house: House) -> None:
    taken = house.take(house.batch(True))
    assert house.endpoint.kept.wait(PATIENCE)
    house.broker.client.delete(lease_key("job", 7))
    eventually(lambda: house.lease() == "me", "the lease is taken again")
    house.endpoint.answer_now.set()
    assert taken.result(PATIENCE)


def test_a_batch_that_was_given_up_meanwhile_is_stopped(house: House) -> None:
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.broker.give_up([(JobId("job"), BatchId(7))])
    assert taken.result(PATIENCE)
    assert house.lease() == OVER
    assert house.decided() == [0]


def test_a_stopped_jobs_batch_goes_back_with_what_is_decided(house: House) -> None:
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.broker.stop({JobId("job")})
    assert taken.result(PATIENCE)
    assert house.decided() == [0]
    assert house.lease() == RETURNED


def test_a_stopped_jobs_batch_is_not_begun(house: House) -> None:
    house.broker.stop({JobId("job")})
    assert house.take(house.batch(False)).result(PATIENCE)
    assert house.decided() == []
    assert house.lease() == RETURNED


def test_metrics_count_votes_and_tokens(house: House) -> None:
    assert house.take(house.batch(False, False)).result(PATIENCE)
    for line in (
        'rrmq_votes_total{judge="openai:m",verdict="first"} 2.0',
        'rrmq_tokens_total{kind="prompt"} 20.0',
        'rrmq_tokens_total{kind="cached"} 8.0',
        'rrmq_tokens_total{kind="completion"} 10.0',
        "rrmq_batch_seconds_count 1.0",
        "rrmq_batches_held 0.0",
        "rrmq_requests_in_flight 0.0",
        "rrmq_matches_held 0.0",
    ):
        assert house.metric(line), line


def test_a_metrics_port_in_use_is_said() -> None:
    metrics = Metrics()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageFault, match="Address already in use"):
            metrics.serve("127.0.0.1", taken.getsockname()[1])


def test_batches_that_share_a_message_end_each_by_itself(house: House) -> None:
    """One is judged, one is over already, and the job of one is cancelled while it is judged."""
    judged, over, cancelled = (
        structs.replace(house.batch(slow, number=number), job=job)
        for number, slow, job in ((1, False, "a"), (2, False, "b"), (3, True, "c"))
    )
    house.broker.give_up([(JobId("b"), BatchId(2))])
    message = encode(SharedMessage([judged, over, cancelled]))
    taken = house.threads.submit(house.worker.take, message)
    assert house.endpoint.kept.wait(PATIENCE)
    eventually(lambda: [outcomes.job for outcomes in house.sent] == ["a"], "one is judged")
    house.broker.stop([JobId("c")])
    assert taken.result(PATIENCE)
    held = [(JobId(job), BatchId(number)) for number, job in enumerate("abc", start=1)]
    names = {batch: holder and holder.name for batch, holder in house.broker.holders(held).items()}
    assert names == {1: OVER, 2: OVER, 3: RETURNED}
    assert house.worker.has_room(0)


def test_a_worker_returns_what_it_has_no_room_for(house: House) -> None:
    """It keeps as many as it has places, the first ones, and reports the others unjudged."""
    taken = house.take(house.batch(*[True] * 12))
    eventually(lambda: house.decided() == [8, 9, 10, 11], "the last four are returned")
    assert all(not report.votes and not report.failure for report in house.sent[0].matches)
    second = house.take(house.batch(*[True] * 6, number=8))
    eventually(lambda: len(house.decided()) == 6, "two more are returned")
    house.endpoint.answer_now.set()
    assert taken.result(PATIENCE)
    assert second.result(PATIENCE)
    judged = [r.match for o in house.sent for r in o.matches if r.votes and o.batch == 7]
    assert sorted(judged) == list(range(8))
    assert house.lease() == OVER
