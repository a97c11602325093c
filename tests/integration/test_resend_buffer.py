"""What a worker has sent and nobody has recorded is sent again when the broker lost it."""

import pytest
from kit.jobs import lying
from rrm_worker.unacked import ResendBuffer

from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.leases import EPOCH_KEY, WorkerLeases
from rrm_queue.domain import BatchId, JobId, Verdict, Vote
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.messages import MatchReport, Outcomes

FLUSH = Outcomes(7, "job", "me", [MatchReport(1, [Vote(1, Verdict.FIRST, text="reasoning")])])
WHERE = JobId("job"), BatchId(7)


@pytest.fixture
def kept(broker: BrokerClient) -> ResendBuffer:
    """A worker's, after its first look at a broker."""
    broker.epoch()
    kept = ResendBuffer(WorkerLeases(broker.client, "me"), broker.send_outcomes)
    kept.look_after()
    return kept


def test_what_the_broker_lost_before_it_was_recorded_is_sent_again(
    broker: BrokerClient, kept: ResendBuffer
) -> None:
    kept.send(FLUSH)
    before = lying(broker, *WHERE)
    kept.look_after()
    broker.client.flushall()
    kept.look_after()
    assert lying(broker, *WHERE) == set(), "not before a coordinator has noticed"
    broker.epoch()
    kept.look_after()
    assert lying(broker, *WHERE) == before


def test_what_is_recorded_is_forgotten(broker: BrokerClient, kept: ResendBuffer) -> None:
    kept.send(FLUSH)
    broker.recorded(broker.take_up(1))
    kept.look_after()
    broker.client.delete(EPOCH_KEY)
    broker.epoch()
    kept.look_after()
    assert lying(broker, *WHERE) == set()


def test_what_was_taken_up_and_dropped_is_listed_again(
    broker: BrokerClient, kept: ResendBuffer
) -> None:
    kept.send(FLUSH)
    taken = broker.take_up(1)  # by a coordinator that dies; nobody knows of a batch that is out
    kept.look_after()
    assert broker.take_up(0.01) == [], "it may be recorded at this moment"
    kept.look_after()
    assert broker.take_up(0.01) == taken


def test_what_could_not_be_sent_is_not_kept(broker: BrokerClient) -> None:
    def away(_: Outcomes) -> None:
        raise BrokerUnavailable("away")

    kept = ResendBuffer(WorkerLeases(broker.client, "me"), away)
    with pytest.raises(BrokerUnavailable):
        kept.send(FLUSH)
    broker.epoch()
    kept.look_after()
    assert lying(broker, *WHERE) == set()
