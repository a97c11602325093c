"""Which group an answer joins that names none: properties over any order of requests."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from rrm_queue.actions.rewards import series
from rrm_queue.actions.rewards.series import Taken, place_in, series_name
from rrm_queue.domain import JobId
from rrm_queue.views.cohorts import CohortId, CohortState, CohortView, Partial


def cohort(number: int, size: int, state: CohortState = CohortState.GATHERING) -> CohortView:
    return CohortView(
        id=CohortId(number), job=JobId("j"), name=f"s:{number}", size=size, prompt="p",
        reference=None, criteria=None, partial=Partial.JUDGE, state=state, left=1.0, came=0,
        tournament=None,
    )  # fmt: skip


class Groups(NamedTuple):
    """The groups of a series, as the store keeps them, and who waits."""

    size: int
    texts: list[dict[int, str]]
    taken: Taken

    def ask(self, text: str, index: int | None = None) -> tuple[int, int]:
        """The group and the place of an answer; its caller waits from now on."""
        place = None
        if self.texts:
            newest, there = len(self.texts) - 1, self.texts[-1]
            whole = len(there) == self.size
            view = cohort(newest, self.size, CohortState.JUDGED if whole else CohortState.GATHERING)
            place = place_in(
                view, there, text, index, lambda p: (CohortId(newest), p) in self.taken
            )
        if place is None:
            self.texts.append({})
            place = index or 0
        self.texts[-1][place] = text
        self.taken.begin((CohortId(len(self.texts) - 1), place))
        return len(self.texts) - 1, place

    def leave(self, group: int, place: int, *, given: bool) -> None:
        self.taken.end((CohortId(group), place), given=given)


def groups(size: int) -> Groups:
    return Groups(size, [], Taken())


TEXTS = st.lists(st.sampled_from("abc"), min_size=1, max_size=24)


@given(TEXTS, st.integers(2, 5))
def test_every_request_that_waits_is_an_answer_of_its_own(texts: Sequence[str], size: int) -> None:
    asked = groups(size)
    places = [asked.ask(text) for text in texts]
    assert len(set(places)) == len(texts)
    assert [len(group) for group in asked.texts[:-1]] == [size] * (len(asked.texts) - 1)


@given(TEXTS, st.integers(2, 5), st.data())
def test_a_lost_connection_finds_its_place_in_the_newest_group(
    texts: Sequence[str], size: int, data: st.DataObject
) -> None:
    asked = groups(size)
    places = [asked.ask(text) for text in texts]
    group, place = data.draw(st.sampled_from([p for p in places if p[0] == places[-1][0]]))
    asked.leave(group, place, given=False)
    assert asked.ask(asked.texts[group][place]) == (group, place)


def test_a_reward_that_was_given_begins_another_group() -> None:
    asked = groups(2)
    first = [asked.ask("a"), asked.ask("b")]
    for group, place in first:
        asked.leave(group, place, given=True)
    assert asked.ask("a") == (1, 0)
    assert asked.ask("b") == (1, 1)


def test_an_index_is_an_answers_place() -> None:
    asked = groups(3)
    assert asked.ask("a", 2) == (0, 2)
    assert asked.ask("a", 2) == (0, 2)  # the same request again, while the first one waits
    assert asked.ask("a", 0) == (0, 0)
    assert asked.ask("b", 2) == (1, 2)  # another answer: another group


def test_only_so_many_given_rewards_are_remembered() -> None:
    taken = Taken()
    for number in range(series.MOST_GIVEN + 1):
        taken.begin((CohortId(number), 0))
        taken.end((CohortId(number), 0), given=True)
    assert (CohortId(0), 0) not in taken
    assert (CohortId(1), 0) in taken


def test_a_series_is_named_after_all_that_makes_a_group() -> None:
    named = {
        series_name("p", None, None, 4),
        series_name("p", "", None, 4),
        series_name("p", None, "c", 4),
        series_name("p", None, None, 8),
        series_name("q", None, None, 4),
    }
    assert len(named) == 5
