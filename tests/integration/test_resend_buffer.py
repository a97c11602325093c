"""What a worker has sent and nobody has recorded is sent again when the broker lost it."""

import pytest
from kit.jobs import waiting_flushes
from rrm_worker.unacked import ResendBuffer

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import EPOCH_KEY, WorkerLeases
from rrm_queue.domain import BatchId, JobId, Verdict, Vote
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.messages import MatchReport, Outcomes

FLUSH = Outcomes(7, "job", "me", [MatchReport(1, [Vote(1, Verdict.FIRST, text="reasoning")])])
WHERE = JobId("job"), BatchId(7)


@pytest.fixture
def buffer(broker: BrokerClient) -> ResendBuffer:
    """A worker's, after its first look at a broker."""
    broker.epoch()
    buffer = ResendBuffer(WorkerLeases(broker.client, "me"), broker.send_outcomes)
    buffer.check()
    return buffer


def test_what_the_broker_lost_before_it_was_recorded_is_sent_again(
    broker: BrokerClient, buffer: ResendBuffer
) -> None:
    buffer.send(FLUSH)
    before = waiting_flushes(broker, *WHERE)
    buffer.check()
    broker.client.flushall()
    buffer.check()
    assert waiting_flushes(broker, *WHERE) == set(), "not before a coordinator has noticed"
    broker.epoch()
    buffer.check()
    assert waiting_flushes(broker, *WHERE) == before


def test_what_is_recorded_is_forgotten(broker: BrokerClient, buffer: ResendBuffer) -> None:
    buffer.send(FLUSH)
    broker.ack(broker.receive(1))
    buffer.check()
    broker.client.delete(EPOCH_KEY)
    broker.epoch()
    buffer.check()
    assert waiting_flushes(broker, *WHERE) == set()


def test_what_was_taken_up_and_dropped_is_listed_again(
    broker: BrokerClient, buffer: ResendBuffer
) -> None:
    buffer.send(FLUSH)
    taken = broker.receive(1)  # by a coordinator that dies; nobody knows of a batch that is out
    buffer.check()
    assert broker.receive(0.01) == [], "it may be recorded at this moment"
    buffer.check()
    assert broker.receive(0.01) == taken


def test_what_could_not_be_sent_is_not_kept(broker: BrokerClient) -> None:
    def away(_: Outcomes) -> None:
        raise BrokerUnavailable("away")

    buffer = ResendBuffer(WorkerLeases(broker.client, "me"), away)
    with pytest.raises(BrokerUnavailable):
        buffer.send(FLUSH)
    broker.epoch()
    buffer.check()
    assert waiting_flushes(broker, *WHERE) == set()
