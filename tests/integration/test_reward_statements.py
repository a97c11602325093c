"""How many statements rewards cost the store: few, and no more for many answers than for one."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from kit.reward_servers import JUDGE, group, samples
from kit.statements import asked_statements

from rrm_queue.actions.app import App
from rrm_queue.actions.judges import BUILT_IN_ONLY
from rrm_queue.actions.rewards.asked import RewardRequest, group_of, own_job
from rrm_queue.actions.rewards.cohort_waiting import CohortWaiting
from rrm_queue.actions.rewards.gathering import Gatherer, Held
from rrm_queue.actions.rewards.joining import Joined, Joiner, Joining
from rrm_queue.actions.rewards.sample_asked import Gathered, SampleRequest, gathered_of
from rrm_queue.actions.rewards.waiting import Waiting
from rrm_queue.config import Secret, Settings
from rrm_queue.store.database import Database
from rrm_queue.views.cohorts import CohortState

SIZE = 8
OWN_JOB = own_job({"judge": JUDGE}, SIZE, "", BUILT_IN_ONLY)


class Rewards(NamedTuple):
    """What a server stores groups and answers with, on the threads of this test."""

    joiner: Joiner
    gatherer: Gatherer
    cohorts: CohortWaiting

    def join(self, numbers: range) -> int:
        """Stores whole groups together; how many statements that took."""
        asked = [
            Joining(
                group_of(RewardRequest(prompt=b["prompt"], completions=b["completions"])), OWN_JOB
            )
            for b in map(group, numbers)
        ]
        with asked_statements() as ran:
            assert all(isinstance(one, Joined) and one.new for one in self.joiner.join(asked))
        return len(ran)

    def place(self, answers: list[Gathered]) -> tuple[int, list[Held]]:
        """Stores answers of cohorts together; how many statements that took."""
        with asked_statements() as ran:
            held = self.gatherer.place(answers, self.cohorts.expect)
            self.cohorts.go_on(one.cohort for one in held if isinstance(one, Held))
        return len(ran), [one for one in held if isinstance(one, Held)]


@pytest.fixture
def rewards(database: Database) -> Iterator[Rewards]:
    settings = Settings(database_url=Secret(database.url), broker_url=Secret("redis://nowhere"))
    with App(settings) as app:
        waiting = Waiting(app)
        joiner = Joiner(app, waiting)
        gatherer = Gatherer(app, joiner)
        yield Rewards(joiner, gatherer, CohortWaiting(app, waiting, gatherer.expire))


def answers(number: int, *, in_series: bool = False) -> list[Gathered]:
    """The answers of a cohort."""
    return [
        gathered_of(
            SampleRequest(
                group=None if in_series else body["group"],
                size=SIZE,
                index=body["index"],
                prompt=body["prompt"],
                completion=body["completion"],
            ),
            OWN_JOB,
        )
        for body in samples(number)
    ]


def test_groups_that_are_stored_together_cost_no_more_statements_than_one(rewards: Rewards) -> None:
    rewards.join(range(1))  # its job is looked up once
    one = rewards.join(range(1, 2))
    assert one <= 9
    assert rewards.join(range(2, 34)) == one


def test_answers_that_are_stored_together_cost_no_more_statements_than_one(
    rewards: Rewards,
) -> None:
    rewards.place(answers(0)[:1])
    alone = [rewards.place([one])[0] for one in answers(1)]
    first, second, *others, last = alone
    assert first <= 7
    assert second <= 17
    assert max(others) <= 12
    assert last <= 19
    many = [answers(number) for number in range(2, 34)]
    together = [rewards.place([of_one[place] for of_one in many]) for place in range(SIZE)]
    assert [count for count, _ in together] == alone
    assert {one.cohort.state for one in together[-1][1]} == {CohortState.JUDGED}


def test_a_whole_group_that_comes_at_once_costs_as_much_as_its_last_answer(
    rewards: Rewards,
) -> None:
    rewards.place(answers(0)[:1])
    for in_series, most in ((False, 21), (True, 24)):
        count, held = rewards.place(answers(1, in_series=in_series))
        assert {one.place for one in held} == set(range(SIZE))
        assert count <= most
