"""How long a watch waits between two looks."""

import pytest
from kit.cli_views import job

from rrm_queue.actions.watch import NEAR, POLL, SOON, next_pause


@pytest.mark.parametrize(
    ("watched", "done", "pause"),
    [(0, 0, SOON), (5, 0, 0.1), (15, 0, POLL), (3600, 0, POLL), (3600, 99, NEAR), (1, 99, SOON)],
)
def test_looks_are_frequent_at_first_and_near_the_end(
    watched: float, done: int, pause: float
) -> None:
    view = job(tournaments=100, tournaments_done=done)
    assert next_pause(view, watched) == pytest.approx(pause)
