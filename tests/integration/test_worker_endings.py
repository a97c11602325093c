"""How a worker hands batches back: for a broken engine, and when it stops."""

import logging
import os
import subprocess
import sys

import pytest
from kit.waiting import PATIENCE, eventually
from kit.worker_house import QUEUE, House
from rrm_worker import worker as worker_module
from rrm_worker.running_batch import Ending

from rrm_queue.broker.leases import capacity_key, workers_key
from rrm_queue.local.stack import Addresses
from rrm_queue.messages import BROKEN, OVER, RETURNED


@pytest.mark.parametrize(("ending", "mark"), [(Ending.RETURNED, RETURNED), (Ending.BROKEN, BROKEN)])
def test_handing_back_sends_what_is_decided_before_the_lease_says_so(
    house: House, ending: Ending, mark: str
) -> None:
    house.broker_up.clear()
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.worker.release(ending)
    assert house.lease() == "me", "outcomes are still on their way"
    house.broker_up.set()
    assert taken.result(PATIENCE)
    assert house.decided() == [0]
    assert house.lease() == mark


def failures(house: House) -> dict[int, tuple[bool, bool]]:
    """Of each match sent that failed: whether it may be tried again, and whether that counts."""
    reports = [match for outcomes in house.sent for match in outcomes.matches]
    return {r.match: (r.failure.transient, not r.failure.wait) for r in reports if r.failure}


def test_a_broken_engine_costs_an_attempt_only_what_it_computed(house: House) -> None:
    taken = house.take(house.batch(*[True] * 8))  # the endpoint is asked for 8 at once
    house.until_all_asked()
    waiting = house.take(house.batch(*[True] * 4, number=8))
    house.until_held(12)
    house.worker.release(Ending.BROKEN)
    assert taken.result(PATIENCE)
    assert waiting.result(PATIENCE)
    assert failures(house) == dict.fromkeys(range(4), (True, False))
    assert {outcomes.batch for outcomes in house.sent} == {8}
    assert house.lease() == BROKEN, "the others count when the batch is given up"


def test_a_hung_engine_costs_nothing_what_was_in_its_own_queue(house: House) -> None:
    taken = house.take(house.batch(*[True] * 8))
    house.until_all_asked()
    house.worker.release(Ending.BROKEN, waiting=5)
    assert taken.result(PATIENCE)
    assert list(failures(house).values()) == [(True, False)] * 5


def test_nothing_is_taken_while_the_engine_is_down(house: House) -> None:
    house.ready.clear()
    eventually(lambda: house.broker.capacities(QUEUE) == {}, "it has left the roll")
    taken = house.take(house.batch(False))
    assert house.lease() is None
    house.ready.set()
    assert taken.result(PATIENCE)
    eventually(lambda: house.broker.capacities(QUEUE) == {"me": 8}, "it is on the roll")


def test_a_batch_that_waits_for_the_engine_is_anothers_when_the_worker_stops(house: House) -> None:
    house.ready.clear()
    taken = house.take(house.batch(False))
    house.worker.drain(10)
    assert not taken.result(PATIENCE)
    assert house.lease() is None


def test_draining_lets_a_batch_finish_in_time(house: House) -> None:
    taken = house.take(house.batch(True))
    assert house.endpoint.kept.wait(PATIENCE)
    drained = house.threads.submit(house.worker.drain, PATIENCE)
    eventually(lambda: house.broker.client.zcard(workers_key(QUEUE)) == 0, "it left the roll")
    refused = house.take(house.batch(False, number=8))
    assert not refused.result(PATIENCE), "nothing is taken any more"
    house.endpoint.answer_now.set()
    drained.result(PATIENCE)
    assert taken.result(PATIENCE)
    assert house.decided() == [0]
    assert house.lease() == OVER
    assert house.broker.client.hlen(capacity_key(QUEUE)) == 0


def test_draining_hands_back_what_is_not_judged_in_time(house: House) -> None:
    taken = house.take(house.batch(False, True))
    house.until_one_is_left()
    house.worker.drain(0.1)
    assert taken.result(PATIENCE)
    assert house.lease() == RETURNED
    assert house.decided() == [0]


def test_draining_ends_though_no_broker_takes_the_outcomes(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "RELEASE_SECONDS", 0.5)
    house.broker_up.clear()
    taken = house.take(house.batch(False))
    line = 'rrmq_votes_total{judge="openai:m",verdict="first"} 1.0'
    eventually(lambda: house.metric(line), "a vote is counted")
    with caplog.at_level(logging.ERROR):
        house.worker.drain(0.1)
        assert taken.result(PATIENCE)
    assert "outcomes could not be sent" in caplog.text


def test_sigterm_hands_back_what_is_held_and_leaves_the_rest_in_the_queue(
    house: House, servers: Addresses
) -> None:
    environment = os.environ | {"RRMQ_BROKER_URL": servers.broker_url}
    argv = [sys.executable, "-m", "rrm_queue.cli.main", "worker", "--judge", "openai"]
    process = subprocess.Popen([*argv, "--grace", "3.5", "--concurrency", "8"], env=environment)
    try:
        house.broker.publish(QUEUE, [house.batch(True, number=number) for number in range(1, 13)])
        held = range(1, 9)  # no more than it has places for: the rest is for others
        eventually(lambda: all(house.lease(number) for number in held), "all are held")
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert {house.lease(number) for number in held} == {RETURNED}
    assert house.broker.waiting(QUEUE) == 4
    assert list(house.broker.capacities(QUEUE)) == ["me"], "it has left the roll"
