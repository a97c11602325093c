"""The bounds of a server: places, the rate of a caller, and tokens."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.config import Secret, Settings
from rrm_queue.errors import Overloaded
from rrm_queue.web.access import Access, Right, kept_token
from rrm_queue.web.rate import Rate
from rrm_queue.web.rooms import Room


@given(st.integers(1, 20), st.lists(st.integers(1, 5), max_size=30))
def test_a_room_never_holds_more_than_it_may_and_gives_back_all(
    most: int, sizes: list[int]
) -> None:
    room = Room("things", most, retry_after=7)
    taken: list[int] = []
    for size in sizes:
        if sum(taken) + size > most:
            with pytest.raises(Overloaded, match="things") as refused:
                room.take(size)
            assert refused.value.retry_after == 7
        else:
            room.take(size)
            taken.append(size)
        assert room.taken == sum(taken) <= most
    for size in taken:
        room.leave(size)
    assert room.taken == 0


def test_a_place_is_given_back_after_a_fault() -> None:
    room = Room("things", 1)
    with pytest.raises(ZeroDivisionError), room.place():
        raise ZeroDivisionError
    assert room.taken == 0


@given(st.integers(1, 50), st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200))
def test_a_caller_never_exceeds_its_rate(limit: int, pauses: list[float]) -> None:
    rate, now, passed = Rate(limit), 0.0, 0
    for pause in pauses:
        now += pause
        wait = rate.wait("a", now)
        passed += wait == 0
        assert passed <= limit * (now + 1) + 1e-6
        assert 0 <= wait <= 1 / limit + 1e-9
    assert rate.wait("b", now) == 0


def test_without_a_limit_nobody_waits() -> None:
    rate = Rate(0)
    assert [rate.wait("a", 0.0) for _ in range(1000)] == [0.0] * 1000


def test_each_token_has_its_right_and_every_other_none() -> None:
    access = Access(["w1", "both"], ["r1", "both"])
    rights = {
        token: access.right(token) for token in ("w1", "r1", "both", "", "W1", "w1 ", "\udcff")
    }
    assert rights == {
        "w1": Right.WRITE, "r1": Right.READ, "both": Right.WRITE,
        "": Right.NONE, "W1": Right.NONE, "w1 ": Right.NONE, "\udcff": Right.NONE,
    }  # fmt: skip


def test_tokens_of_the_settings_are_a_list_and_none_is_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, api_tokens=Secret(" a, b,,"), api_read_tokens=Secret("c"))
    access = Access.of(settings)
    assert access.explicit
    assert [access.right(token) for token in "abc"] == [Right.WRITE, Right.WRITE, Right.READ]
    assert access.right("") is Right.NONE
    assert list(tmp_path.iterdir()) == []
    blank = Access.of(Settings(home=tmp_path, api_tokens=Secret(" , ")))
    assert blank.made
    assert blank.right("") is Right.NONE


def test_servers_that_start_at_the_same_time_make_one_token(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(kept_token, [home] * 32))
    assert len(tokens) == 1
    assert len(tokens.pop()) >= 40
    [kept] = home.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
