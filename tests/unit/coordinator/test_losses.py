"""Which batches are lost, and how long a match waits for its next attempt."""

import pytest
from rrm_worker.service import ANSWER_SECONDS

from rrm_queue.broker.leases import RENEW_SECONDS
from rrm_queue.coordinator.losses import (
    ATTEMPTS,
    FLUSHED,
    GRACE,
    LONGEST_BACK_OFF,
    RECONNECTED,
    RENEWED,
    BrokerFacts,
    Loss,
    OutFacts,
    back_off,
    losses,
)
from rrm_queue.messages import BROKEN, ENDED, OVER, RETURNED, Epoch, Holder


def test_a_match_that_fails_waits_longer_each_time() -> None:
    waits = [back_off(attempt) for attempt in range(1, ATTEMPTS)]
    assert waits == sorted(waits)
    assert max(waits) <= LONGEST_BACK_OFF
    assert sum(waits) > 600


NOW = BrokerFacts(Epoch("now", 1e6), settled=True)


def facts(batch: int = 1, **known: object) -> OutFacts:
    usual: dict[str, object] = {"epoch": "now", "age": 1.0, "seen": None, "holder": None}
    return OutFacts(batch, **(usual | known))  # type: ignore[arg-type]  # a test's shorthand


def test_a_batch_whose_worker_lives_is_never_lost() -> None:
    for epoch in ("now", "before"):
        old = facts(age=1e6, seen=1e6, epoch=epoch, holder=Holder("worker"))
        assert losses([old], NOW, waiting=0) == {}


def test_a_broker_that_lost_its_data_leaves_live_workers_time_to_say_so() -> None:
    before = facts(epoch="before", seen=5.0)
    young = BrokerFacts(Epoch("now", RENEWED - 1), settled=True)
    assert losses([before], young, waiting=9) == {}
    assert losses([before], NOW, waiting=9) == {1: Loss.EPOCH}


def test_workers_that_have_to_connect_again_have_longer_to_say_that_they_live() -> None:
    before = facts(epoch="before", seen=5.0)
    for age, lost in ((RENEWED + 1, {}), (RECONNECTED + 1, {1: Loss.EPOCH})):
        away = BrokerFacts(Epoch("now", age), settled=False)
        assert losses([before], away, waiting=9) == lost


def test_a_worker_that_renews_in_time_has_a_second_to_spare() -> None:
    assert RENEW_SECONDS + 1 <= RENEWED
    assert RENEW_SECONDS + ANSWER_SECONDS + 1 <= RECONNECTED


def test_a_batch_whose_lease_is_gone_lost_its_worker_once_leases_can_be_trusted() -> None:
    assert losses([facts(seen=3.0)], NOW, waiting=9) == {1: Loss.WORKER}
    assert losses([facts(seen=3.0)], BrokerFacts(NOW.epoch, settled=False), waiting=9) == {}


def test_a_process_that_is_known_to_have_ended_needs_no_time_to_renew_its_lease() -> None:
    ended = facts(seen=0.0, holder=Holder(ENDED, 2 * FLUSHED))
    assert losses([ended], BrokerFacts(NOW.epoch, settled=False), waiting=9) == {1: Loss.WORKER}


@pytest.mark.parametrize(
    ("mark", "loss", "grace"),
    [
        (RETURNED, Loss.RETURNED, FLUSHED),
        (BROKEN, Loss.ENGINE, FLUSHED),
        (OVER, Loss.OUTCOMES, FLUSHED),
    ],
)
def test_a_mark_gives_the_last_outcomes_time_to_arrive(mark: str, loss: Loss, grace: float) -> None:
    early, late = (facts(seen=1e6, holder=Holder(mark, grace + more)) for more in (-0.5, 0.5))
    assert losses([early], NOW, waiting=9) == {}
    assert losses([late], NOW, waiting=9) == {1: loss}


@pytest.mark.parametrize("holder", [None, Holder(OVER, 1e6), Holder(RETURNED, 1e6)])
def test_nothing_is_given_up_while_outcomes_of_it_wait_to_be_recorded(
    holder: Holder | None,
) -> None:
    for epoch in ("now", "before"):
        fact = facts(seen=1e6, age=1e6, epoch=epoch, holder=holder, unrecorded=True)
        assert losses([fact], NOW, waiting=0) == {}


def test_a_batch_that_waits_in_the_queue_is_left_alone_however_old() -> None:
    assert losses([facts(age=1e6)], NOW, waiting=1) == {}


def test_a_message_that_nobody_took_is_lost_when_the_queue_is_empty() -> None:
    assert losses([facts(age=GRACE + 1)], NOW, waiting=0) == {1: Loss.MESSAGE}
    assert losses([facts(age=GRACE - 1)], NOW, waiting=0) == {}


def test_an_overtaken_message_is_lost() -> None:
    overtaken = facts(1, age=GRACE + 1)
    overtaker = facts(2, age=GRACE + 1, seen=GRACE + 1, holder=Holder("worker"))
    assert losses([overtaken, overtaker], NOW, waiting=5) == {1: Loss.MESSAGE}
    barely = facts(2, age=GRACE + 1, seen=1.0, holder=Holder("worker"))
    assert losses([overtaken, barely], NOW, waiting=5) == {}
