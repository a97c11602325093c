"""The interpreter's turns are short while any block asks for it, and then as they were."""

import sys

from rrm_queue.intake.short_turns import TURN, short_turns


def test_turns_are_as_before_once_the_last_of_several_blocks_has_ended() -> None:
    before = sys.getswitchinterval()
    first, second = short_turns(), short_turns()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert abs(sys.getswitchinterval() - TURN) < 1e-6
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == before
