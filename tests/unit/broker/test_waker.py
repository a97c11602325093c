"""The waker: a consumer that waits for room is woken once there is some, and only then."""

from rrm_queue.broker.transport import Waker


class Consumer:
    def __init__(self) -> None:
        self.room = False
        self.woken = 0
        self.waker = Waker()
        self.waker.room = lambda: self.room
        self.waker.attach(self.wake)

    def wake(self, _turn: object) -> None:
        self.woken += 1


def test_a_consumer_is_woken_when_there_is_room_and_it_waits_for_it() -> None:
    consumer = Consumer()
    consumer.room = True
    assert consumer.waker.has_room()
    consumer.waker.made_room()
    assert consumer.woken == 0, "it does not wait"
    consumer.room = False
    assert not consumer.waker.has_room()
    consumer.waker.made_room()
    assert consumer.woken == 0, "there is none"
    consumer.room = True
    consumer.waker.made_room()
    consumer.waker.made_room()
    assert consumer.woken == 1


def test_room_that_is_made_while_it_is_asked_for_is_not_missed() -> None:
    consumer = Consumer()

    def made_meanwhile() -> bool:
        consumer.waker.room = lambda: True
        consumer.waker.made_room()
        return False

    consumer.waker.room = made_meanwhile
    assert not consumer.waker.has_room()
    assert consumer.woken == 1
