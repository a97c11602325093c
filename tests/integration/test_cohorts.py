"""Cohorts: single answers gathered into groups, over HTTP, on real servers and processes."""

from concurrent.futures import ThreadPoolExecutor

from kit.reward_servers import COME, Answer, RewardFleet, group, samples

from rrm_queue.store.connection import text


def send(rewarding: RewardFleet, bodies: list[dict[str, object]]) -> list[Answer]:
    """What comes of samples that are sent at the same time."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(
            pool.map(lambda body: rewarding.ask("POST", "/v1/rewards/sample", body), bodies)
        )


def send_until_late(rewarding: RewardFleet, bodies: list[dict[str, object]]) -> list[Answer]:
    """The same for a cohort whose deadline comes when it has these answers, and no more."""
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(send, rewarding, bodies)
        rewarding.end_cohort(str(bodies[0]["group"]), len(bodies))
        return told.result()


def test_every_sample_gets_its_reward_once_the_group_is_whole(rewarding: RewardFleet) -> None:
    answers = send(rewarding, samples(100))
    whole = rewarding.ask("POST", "/v1/rewards", group(100))
    assert [one.status for one in answers] == [200] * 8
    assert [one.body["rank"] for one in answers] == whole.body["ranks"]
    assert {one.body["answers"] for one in answers} == {8}


def test_a_repeated_sample_joins_its_place_and_never_fills_another(rewarding: RewardFleet) -> None:
    bodies = samples(101)
    answers = send(rewarding, bodies * 2)
    again = send(rewarding, bodies)
    found = [one.body for one in answers]
    assert found[:8] == found[8:] == [one.body for one in again]
    with rewarding.fleet.store() as store:
        assert store.scalar(COME, {"name": "cohort-101"}) == 8


def test_without_an_index_a_sample_is_known_by_its_text(rewarding: RewardFleet) -> None:
    bodies = [{k: v for k, v in body.items() if k != "index"} for body in samples(102, 4)]
    answers = send(rewarding, [*bodies, bodies[0], bodies[1]])
    assert sorted(one.body["index"] for one in answers[:4]) == [0, 1, 2, 3]
    assert [one.body for one in answers[4:]] == [one.body for one in answers[:2]]
    fifth = {**bodies[0], "completion": {"text": "a fifth answer", "gold": 1}}
    (refused,) = send(rewarding, [fifth])
    assert refused.status == 409
    assert "has its 4 answers" in refused.body["detail"]


def test_another_content_under_the_same_group_is_a_conflict(rewarding: RewardFleet) -> None:
    bodies = samples(103, 3)
    send(rewarding, bodies)
    for change, words in (
        ({"completion": {"text": "another", "gold": 1}}, "another answer at index 0"),
        ({"prompt": "Another?"}, "another prompt"),
        ({"size": 4}, "another size"),
    ):
        (refused,) = send(rewarding, [{**bodies[0], **change}])
        assert refused.status == 409
        assert words in refused.body["detail"]


def test_a_group_that_is_not_whole_in_time_is_refused_without_a_reward(
    rewarding: RewardFleet,
) -> None:
    bodies = samples(104)
    for answer in send_until_late(rewarding, bodies[:5]):
        assert answer.status == 504
        assert "5 of 8 answers at its deadline" in answer.body["detail"]
        assert "reward" not in answer.body
    late, repeated = send(rewarding, [bodies[6], bodies[0]])
    assert (late.status, repeated.status) == (504, 504)
    assert "after the deadline" in late.body["detail"]


def test_what_came_in_time_is_judged_if_the_caller_wants_that(rewarding: RewardFleet) -> None:
    bodies = samples(105, partial="judge")
    answers = send_until_late(rewarding, bodies[2:7])
    assert [one.status for one in answers] == [200] * 5
    assert sorted(one.body["rank"] for one in answers) == [1, 2, 3, 4, 5]
    assert {one.body["answers"] for one in answers} == {5}
    (late,) = send(rewarding, bodies[:1])
    assert late.status == 504
    (alone,) = send(rewarding, samples(106, timeout=1, partial="judge")[:1])
    assert alone.status == 504


def test_a_strategy_that_waits_for_the_whole_group_keeps_the_deadline_too(
    rewarding: RewardFleet,
) -> None:
    bodies = samples(109, partial="judge", strategy="swiss")
    answers = send_until_late(rewarding, bodies[:5])
    assert [one.status for one in answers] == [200] * 5
    assert {one.body["answers"] for one in answers} == {5}
    bodies = samples(110, timeout=1, strategy="swiss")
    assert [one.status for one in send(rewarding, bodies[:5])] == [504] * 5


def test_samples_of_one_text_get_the_same_reward(rewarding: RewardFleet) -> None:
    same = {"text": "the same", "gold": 1}
    answers = send(rewarding, [{**body, "completion": same} for body in samples(107, 3)])
    assert [one.body["reward"] for one in answers] == [0.5] * 3
    assert answers[0].body["tournament"] is None


def test_what_no_judge_could_use_is_refused_before_the_group_waits(rewarding: RewardFleet) -> None:
    for change, words in (
        ({"index": 8}, "`index` is 8"),
        ({"size": 1}, "`size` is 1"),
        ({"timeout": 0}, "`timeout`"),
        ({"completion": 5}, "completion"),
        ({"judge": "reference"}, "`reference` is missing"),
    ):
        (refused,) = send(rewarding, [{**samples(108)[0], **change}])
        assert refused.status == 422
        assert words in refused.body["detail"]
    with rewarding.fleet.store() as store:
        assert not store.scalar(text("SELECT 1 FROM cohorts WHERE name = 'cohort-108'"))
