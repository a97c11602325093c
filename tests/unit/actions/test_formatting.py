from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.cli_views import NOW, job
from rich.cells import cell_len

from rrm_queue.actions.formatting import BAR, bar, elapsed, progress, tokens
from rrm_queue.text import count, magnitude, shortened


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_the_bar_is_full_only_when_all_is_done(done: int, more: int) -> None:
    drawn = bar(done, done + more, ascii_only=True)
    assert len(drawn) == BAR
    assert (drawn == "#" * BAR) == (more == 0 and done > 0)


@given(st.text(max_size=60), st.integers(4, 60))
def test_a_shortened_name_fits_and_keeps_its_ends(name: str, width: int) -> None:
    short = shortened(name, width, "…", cell_len)
    assert cell_len(short) <= max(width, 0) or short == name
    if short != name:
        head, tail = short.split("…")[0], short.split("…")[-1]
        assert name.startswith(head)
        assert name.endswith(tail)


@given(st.integers(0, 10**14))
def test_magnitudes_are_short(number: int) -> None:
    assert len(magnitude(number)) <= 5


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (123_456, "123k"),
        (999_999, "1.0M"),
        (4_600_000, "4.6M"),
    ],
)
def test_magnitudes_round(number: int, shown: str) -> None:
    assert magnitude(number) == shown


def test_counts_agree_with_their_noun() -> None:
    assert count(1, "match") == "1 match"
    assert count(1240, "match") == "1,240 matches"
    assert count(0, "vote") == "0 votes"


def test_a_job_of_many_tournaments_is_counted_in_tournaments() -> None:
    view = job(tournaments=100, tournaments_done=40, tournaments_failed=2)
    assert progress(view) == (42, 100, "tournaments")


@pytest.mark.parametrize(("strategy", "total"), [("knockout", 31), ("elo", 496)])
def test_a_job_of_one_tournament_is_counted_in_matches(strategy: str, total: int) -> None:
    view = job(tournaments=1, candidates=32, strategy=strategy, matches_done=5)
    assert progress(view) == (5, total, "matches")


def test_time_stands_still_before_the_start_and_after_the_end() -> None:
    assert elapsed(job(started_at=None), NOW) == timedelta()
    started = NOW - timedelta(seconds=90)
    assert elapsed(job(started_at=started), NOW) == timedelta(seconds=90)
    ended = job(started_at=started, finished_at=started + timedelta(seconds=5))
    assert elapsed(ended, NOW) == timedelta(seconds=5)


def test_tokens_say_what_the_cache_gave() -> None:
    view = job(prompt_tokens=2_000_000, cached_tokens=1_500_000, completion_tokens=300)
    assert tokens(view) == "2.0M prompt (75.0% cached), 300 completion"


def test_tokens_say_how_much_of_what_can_be_shared_was() -> None:
    view = job(prompt_tokens=2000, cached_tokens=1000, shareable_tokens=800, shared_tokens=784)
    assert tokens(view) == "2.0k prompt (50.0% cached, 98.0% of what can be), 0 completion"
    older = view._replace(shared_tokens=978)  # it counted what other tournaments' prompts gave
    assert tokens(older) == "2.0k prompt (50.0% cached, 100.0% of what can be), 0 completion"
