"""Rewards for groups of answers, over HTTP, on real servers and processes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kit.reward_servers import Answer, RewardFleet, group
from kit.waiting import PATIENCE, eventually

from rrm_queue.store.connection import text

SIZE = 8


def rewards(rewarding: RewardFleet, body: object) -> Answer:
    return rewarding.ask("POST", "/v1/rewards", body)


def tournaments(rewarding: RewardFleet, prompt: str) -> int:
    with rewarding.fleet.store() as store:
        found = store.scalar(
            text("SELECT count(*) FROM tournaments WHERE prompt = :prompt"), {"prompt": prompt}
        )
    return int(found)


def test_rewards_come_in_the_order_of_the_answers(rewarding: RewardFleet) -> None:
    asked = group(1)
    answer = rewards(rewarding, asked)
    assert answer.status == 200
    golds = [one["gold"] for one in asked["completions"]]
    found = answer.body
    assert sorted(golds) == [
        golds[i] for i in sorted(range(SIZE), key=found["rewards"].__getitem__)
    ]
    assert found["ranks"] == [SIZE - gold for gold in golds]
    assert (found["matches"], found["votes"], found["error"]) == (28, 28, None)
    assert sorted(found["ratings"]) == [
        found["ratings"][i] for i in sorted(range(SIZE), key=golds.__getitem__)
    ]


def test_a_repeated_request_joins_what_is_there(rewarding: RewardFleet) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: rewards(rewarding, group(2)), range(16)))
    assert {one.status for one in answers} == {200}
    assert len({one.body["tournament"] for one in answers}) == 1
    assert len({str(one.body["rewards"]) for one in answers}) == 1
    assert tournaments(rewarding, "What is 2?") == 1


def test_an_id_with_other_answers_is_a_conflict(rewarding: RewardFleet) -> None:
    first = rewards(rewarding, group(3, id="mine"))
    assert (first.status, first.body["tournament"]) == (200, "mine")
    assert rewards(rewarding, group(3, id="mine")).body == first.body
    other = rewards(rewarding, group(4, id="mine"))
    assert other.status == 409
    assert "other answers under the id 'mine'" in other.body["detail"]
    assert "rewards" not in other.body


def test_after_the_wait_there_is_an_address_to_ask_at(rewarding: RewardFleet) -> None:
    later = rewards(rewarding, group(5, wait=0, kind="rank", id="a/b ü"))
    assert later.status == 202
    assert later.body["tournament"] == "a/b ü"
    assert "rewards" not in later.body
    then = rewarding.ask("GET", later.headers["Location"] + "&wait=60")
    assert then.status == 200
    assert then.body == rewards(rewarding, group(5, kind="rank", id="a/b ü")).body
    assert sorted(then.body["rewards"]) == pytest.approx([i / 7 for i in range(8)])


def test_equal_answers_get_equal_rewards_and_are_judged_once(rewarding: RewardFleet) -> None:
    asked = group(6)
    asked["completions"] += asked["completions"][:3]
    found = rewards(rewarding, asked).body
    assert found["rewards"][8:] == found["rewards"][:3]
    assert found["ranks"][8:] == found["ranks"][:3]
    assert found["matches"] == 28


def test_an_adaptive_group_asks_for_no_more_matches_than_it_may(rewarding: RewardFleet) -> None:
    asked = group(58, size=12, strategy="adaptive:order,matches=40")
    found = rewards(rewarding, asked).body
    golds = [one["gold"] for one in asked["completions"]]
    assert 0 < found["matches"] == found["votes"] <= 40
    assert found["ranks"][golds.index(max(golds))] == 1
    assert rewards(rewarding, asked).body == found
    refused = rewards(rewarding, group(59, strategy="adaptive:worst"))
    assert refused.status == 422
    assert "write adaptive:best or adaptive:order" in refused.body["detail"]


def test_a_group_of_one_text_needs_no_judge(rewarding: RewardFleet) -> None:
    same = {"text": "the same", "gold": 1}
    asked = {**group(7), "completions": [same] * 4}
    found = rewards(rewarding, {**asked, "kind": "elo"}).body
    assert found["rewards"] == [0.5] * 4
    assert (found["ranks"], found["matches"], found["tournament"]) == ([1] * 4, 0, None)
    centred = rewards(rewarding, {**asked, "center": True, "scale": True}).body
    assert centred["rewards"] == [0.0] * 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"completions": ["only one"]}, "at least two answers"),
        ({"completions": "text"}, "list"),
        ({"completions": [1, 2]}, "completions[0]"),
        ({"prompt": None}, "give either prompt or messages"),
        ({"judge": "reference"}, "`reference` is missing"),
        ({"judge": "replay:/etc/passwd"}, "file"),
        ({"strategy": "pairs"}, "needs the pairs of a file"),
        ({"kind": "best-of"}, "kind"),
        ({"typo": 1}, "typo"),
        ({"job": "nope"}, "judge: the job nope has its own"),
        ({"wait": -1}, "wait"),
        ({"votes": 0}, "votes"),
    ],
)
def test_a_bad_request_says_what_to_do_and_stores_nothing(
    rewarding: RewardFleet, change: dict[str, object], words: str
) -> None:
    answer = rewards(rewarding, {**group(8), **change})
    assert answer.status == 422
    assert words in answer.body["detail"]
    assert tournaments(rewarding, "What is 8?") == 0


def test_a_group_can_belong_to_a_named_open_job(rewarding: RewardFleet) -> None:
    opened = rewarding.ask("POST", "/v1/jobs/open?name=run&judge=simulated:1.0&strategy=sampled:2")
    assert (opened.status, opened.body["new"]) == (201, True)
    job = opened.body["job"]
    asked = {**group(9, job="run")}
    del asked["judge"]
    found = rewards(rewarding, asked)
    assert (found.body["job"], found.body["matches"]) == (job, 8)
    closed = rewarding.ask("POST", f"/v1/jobs/{job}/close")
    assert (closed.body["state"], closed.body["tournaments"]["done"]) == ("succeeded", 1)
    late = rewards(rewarding, {**asked, "job": job, "prompt": "Another?"})
    assert late.status == 409
    assert "takes no more" in late.body["detail"]
    assert rewards(rewarding, {**asked, "job": job}).body == found.body


def test_a_failed_group_has_no_rewards_and_says_why(rewarding: RewardFleet) -> None:
    asked = group(10, judge="openai:none")
    with rewarding.fleet.store() as store:  # the open job is made by a first request
        before = store.scalar(text("SELECT count(*) FROM jobs"))
    later = rewards(rewarding, {**asked, "wait": 0})
    assert later.status == 202
    with rewarding.fleet.store() as store:
        assert store.scalar(text("SELECT count(*) FROM jobs")) == before + 1
        store.execute(
            text("""
                WITH failed AS (
                    UPDATE tournaments SET state = 'failed', error = 'round 1: no model'
                    WHERE job_id = :job RETURNING id
                ) SELECT pg_notify('rrmq_tournaments', id::text) FROM failed
            """),
            {"job": later.body["job"]},
        )
    found = rewards(rewarding, asked)
    assert found.status == 200
    assert found.body["rewards"] == found.body["ranks"] == [None] * SIZE
    assert found.body["error"] == "round 1: no model"


def test_a_job_that_is_paused_says_so_instead_of_keeping_callers_waiting(
    rewarding: RewardFleet,
) -> None:
    opened = rewarding.ask("POST", "/v1/jobs/open?name=held&judge=openai:none")
    asked = group(11, job="held")
    del asked["judge"]
    answers: list[Answer] = []
    waiting = threading.Thread(target=lambda: answers.append(rewards(rewarding, asked)))
    waiting.start()
    eventually(lambda: tournaments(rewarding, "What is 11?") == 1, "the group is stored")
    rewarding.ask("POST", f"/v1/jobs/{opened.body['job']}/pause")
    waiting.join(PATIENCE)
    assert answers[0].status == 503
    assert "is paused" in answers[0].body["detail"]
    assert int(answers[0].headers["Retry-After"]) > 0
    assert rewards(rewarding, asked).status == 503
    rewarding.ask("POST", f"/v1/jobs/{opened.body['job']}/cancel")


def test_jobs_of_requests_are_listed_only_when_asked_for(rewarding: RewardFleet) -> None:
    made = rewards(rewarding, group(12)).body["job"]
    assert made not in rewarding.fleet.command("list", "--limit", "1000", "--json")
    assert made in rewarding.fleet.command("list", "--limit", "1000", "--json", "--all")
