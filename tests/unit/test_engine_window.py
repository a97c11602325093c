"""The size of a worker's window by its engine's load."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rrm_worker.engine_window import LOOKS, EngineWindow, resized

from rrm_queue.judging.engines.sglang.wire import Load, Loads


def load(running: int, waiting: int, limit: int = 256) -> Loads:
    return Loads([Load(running, waiting, max_running_requests=limit)])


def steady(size: int, fits: int, limit: int = 256, looks: int = 60) -> list[int]:
    """The sizes of a window that is always full, at an engine whose cache holds `fits`."""
    window, sizes = EngineWindow(size), []
    for _ in range(looks):
        running = min(window.size, fits, limit)
        window.look(load(running, window.size - running, limit))
        sizes.append(window.size)
    return sizes


@pytest.mark.parametrize(("first", "fits"), [(64, 200), (512, 200), (4, 16), (200, 3), (64, 1)])
def test_a_full_window_ends_at_a_quarter_more_than_fits(first: int, fits: int) -> None:
    sizes = steady(first, fits)
    assert fits < sizes[-1] <= max(fits + 1, round(fits * 1.25) + 1)
    assert len(set(sizes[-20:])) == 1, "it stays there"


def test_it_is_never_more_than_the_engine_has_use_for() -> None:
    assert EngineWindow(64).look(load(0, 0, limit=16))
    window = EngineWindow(64)
    window.look(load(0, 0, limit=16))
    assert window.size == 20
    assert steady(64, 1000, limit=100)[-1] == 125


def test_schedulers_count_together() -> None:
    window = EngineWindow(64)
    window.look(Loads([Load(max_running_requests=16), Load(max_running_requests=16)]))
    assert window.size == 40


@pytest.mark.parametrize("loads", [Loads([]), load(9, 90, limit=0)], ids=["none", "no limit"])
def test_an_engine_that_does_not_say_its_limit_changes_nothing(loads: Loads) -> None:
    window = EngineWindow(64)
    assert not any(window.look(loads) for _ in range(9))
    assert window.size == 64


def test_requests_that_have_just_arrived_do_not_count_as_waiting() -> None:
    burst = [load(0, 64), load(64, 0), load(64, 0)]
    assert resized(64, burst) == 64
    assert resized(64, [load(64, 0), load(60, 4), load(64, 0)]) == 96


def test_a_window_that_is_not_full_stays() -> None:
    """More places would hold nothing: there is no more work."""
    assert resized(64, [load(3, 0)] * LOOKS) == 64
    assert resized(64, [load(0, 0)] * LOOKS) == 64


def test_a_paused_engine_changes_nothing() -> None:
    assert resized(64, [load(0, 64)] * LOOKS) == 64


@given(
    st.integers(1, 5000),
    st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 9000)), min_size=1, max_size=LOOKS),
    st.integers(0, 4096),
)
def test_it_is_a_match_at_least(size: int, seen: list[tuple[int, int]], limit: int) -> None:
    loads = [load(*one, limit) for one in seen]
    assert 1 <= resized(size, loads) <= max(loads[-1].useful or size, 1)
