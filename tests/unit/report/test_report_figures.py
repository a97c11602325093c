"""Intervals on an axis, names in their room, bytes in a budget, colours that can be read."""

import re
from importlib.resources import files

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rrm_queue.reports.size_budget import SizeBudget
from rrm_queue.reports.whiskers import Axis, Interval
from rrm_queue.text import beginning, cells, shortened

numbers = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    low, estimate, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
    return Interval(estimate, low, high, draw(st.booleans()), draw(st.booleans()))


@given(st.lists(intervals(), min_size=1, max_size=20))
def test_whiskers_keep_their_order_and_stay_on_their_axis(held: list[Interval]) -> None:
    axis = Axis.of(held)
    for interval in held:
        drawn = axis.whisker(interval)
        assert 0 <= drawn.start <= drawn.dot <= drawn.end <= 100
        assert (drawn.start == 0) >= interval.open_low
        assert (drawn.end == 100) >= interval.open_high
    assert all(0 <= tick.place <= 100 for tick in axis.ticks)
    assert 2 <= len(axis.ticks) <= 7


@given(st.lists(intervals(), min_size=2, max_size=20))
def test_of_two_ratings_the_higher_stands_further_right(held: list[Interval]) -> None:
    axis = Axis.of(held)
    one, two, *_ = sorted(held, key=lambda interval: interval.estimate)
    assume(two.estimate - one.estimate > (axis.high - axis.low) / 1000)
    assert axis.whisker(one).dot < axis.whisker(two).dot


def test_ticks_are_round() -> None:
    assert [tick.label for tick in Axis.between(0, 1, percent=True).ticks] == [
        "0", "20", "40", "60", "80", "100",
    ]  # fmt: skip
    labels = [tick.label for tick in Axis.of([Interval(1000, 812, 1233)]).ticks]
    assert labels == ["800", "900", "1000", "1100", "1200"]


@given(st.text(), st.integers(2, 40))
def test_a_shortened_name_fits(name: str, width: int) -> None:
    short = shortened(name, width)
    assert cells(short) <= width
    assert short == name or "…" in short


def test_a_shortened_name_keeps_both_ends() -> None:
    assert shortened("OpenAssistant-Pythia-12B", 11) == "OpenA…a-12B"


@given(st.text(), st.integers(1, 50))
def test_a_beginning_is_one_line(text: str, most: int) -> None:
    line = beginning(text, most)
    assert len(line) <= most + 1
    assert "\n" not in line


@given(
    st.integers(0, 10_000),
    st.lists(st.lists(st.tuples(st.integers(0, 3_000), st.booleans())), max_size=8),
)
def test_a_budget_is_never_overspent(total: int, asked: list[list[tuple[int, bool]]]) -> None:
    budget, spent = SizeBudget(total, len(asked)), 0
    for wishes in asked:
        budget.open()
        spent += sum(size for size, answer in wishes if budget.spend(size, answer=answer))
    assert spent <= total


def test_what_one_tournament_leaves_is_there_for_the_next() -> None:
    budget = SizeBudget(100, 2)
    budget.open()
    assert not budget.spend(51)
    assert budget.spend(10)
    budget.open()
    assert budget.spend(90)


def test_answers_leave_room_for_votes() -> None:
    budget = SizeBudget(100, 1)
    budget.open()
    assert budget.spend(60, answer=True)
    assert not budget.spend(1, answer=True)
    assert budget.spend(40)


PAIRS = [
    ("fg", "bg"), ("fg", "panel"), ("muted", "bg"), ("muted", "panel"), ("accent", "bg"),
    ("accent", "panel"), ("good", "good-bg"), ("look", "look-bg"), ("look", "bg"),
    ("bad", "bad-bg"), ("bad", "bg"), ("bad", "panel"), ("open", "open-bg"),
]  # fmt: skip


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_texts_can_be_read(scheme: int, text: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 at least."""
    colours = palettes()[scheme]
    light, dark = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1])
def test_what_is_drawn_can_be_seen(scheme: int) -> None:
    """WCAG 2.2, 1.4.11: a contrast of 3 for graphics."""
    colours = palettes()[scheme]
    for drawn in ("accent", "strong", "fg", "muted"):
        for ground in ("bg", "panel"):
            ends = sorted((luminance(colours[drawn]), luminance(colours[ground])))
            assert (ends[1] + 0.05) / (ends[0] + 0.05) >= 3


def palettes() -> list[dict[str, str]]:
    """The colours by name, of the light scheme and of the dark one."""
    css = (files("rrm_queue.reports") / "templates" / "parts.css").read_text()
    roots = re.findall(r":root \{([^}]*)\}", css)
    found = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", root)) for root in roots]
    return [colours for colours in found if colours]


def luminance(colour: str) -> float:
    """WCAG's relative luminance."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
