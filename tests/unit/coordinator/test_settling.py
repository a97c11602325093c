"""When a missing lease proves that its worker is gone."""

from rrm_queue.coordinator.settling import LONGEST_TURN, SETTLE, Settling


class Clocks:
    """A clock that stands still while the machine sleeps, and one that does not."""

    def __init__(self) -> None:
        self.running = self.wall = 100.0

    def settling(self) -> Settling:
        return Settling((lambda: self.running, lambda: self.wall))

    def pass_time(self, seconds: float, *, asleep: bool = False) -> None:
        self.wall += seconds
        self.running += 0.0 if asleep else seconds


def turn_for(settling: Settling, clocks: Clocks, seconds: float) -> None:
    for _ in range(int(seconds)):
        clocks.pass_time(1.0)
        settling.turn()


def test_nothing_is_settled_before_workers_could_renew_their_leases() -> None:
    clocks = Clocks()
    settling = clocks.settling()
    turn_for(settling, clocks, SETTLE - 1)
    assert not settling.settled
    turn_for(settling, clocks, 1)
    assert settling.settled


def test_an_outage_unsettles() -> None:
    clocks = Clocks()
    settling = clocks.settling()
    turn_for(settling, clocks, SETTLE)
    settling.unsettle()
    assert not settling.settled
    turn_for(settling, clocks, SETTLE)
    assert settling.settled


def test_a_process_that_was_stopped_is_not_settled() -> None:
    for asleep in (False, True):
        clocks = Clocks()
        settling = clocks.settling()
        turn_for(settling, clocks, SETTLE)
        clocks.pass_time(LONGEST_TURN + 1, asleep=asleep)
        settling.turn()
        assert not settling.settled
