"""`rank` and its kin over HTTP, by one setting: as over the store."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from kit.reward_servers import JUDGE, TOKEN, RewardFleet

import rrm_queue
from rrm_queue.errors import UsageFault
from rrm_queue.store.connection import text

ROW: dict[str, Any] = {
    "prompt": "Which is best?",
    "candidates": [{"id": "a", "text": "Bad.", "gold": 0}, {"id": "b", "text": "Good.", "gold": 1}],
}


@pytest.fixture(autouse=True)
def server(rewarding: RewardFleet, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The setting that makes calls go to the server."""
    monkeypatch.setenv("RRMQ_SERVER_URL", rewarding.servers[0])
    monkeypatch.setenv("RRMQ_SERVER_TOKEN", TOKEN)
    return iter(())


def test_one_prompt_is_ranked(rewarding: RewardFleet) -> None:
    ranking = rrm_queue.rank(**ROW, judge=JUDGE)
    again = rrm_queue.rank(**ROW, judge=JUDGE)
    assert ranking.best == "Good."
    assert [(r.rank, r.id, r.number, r.wins, r.losses) for r in ranking.standings] == [
        (1, "b", 1, 1, 0),
        (2, "a", 0, 0, 1),
    ]
    assert again == ranking
    with rewarding.fleet.store() as store:  # requests do not flood the list of jobs
        ephemeral = text("SELECT ephemeral FROM jobs WHERE id = :job")
        assert store.scalar(ephemeral, {"job": ranking.job.id})


def test_many_prompts_are_ranked_each_with_its_own_candidates() -> None:
    rows = [{**ROW, "prompt": f"Which is best? ({n})", "id": f"r{n}"} for n in range(5)]
    rankings = rrm_queue.rank_many(rows, judge=JUDGE)
    assert [one.best for one in rankings] == ["Good."] * 5
    assert len({one.job for one in rankings}) == 1


def test_in_an_event_loop_they_are_waited_for_together() -> None:
    async def both() -> tuple[str, list[str]]:
        one, many = await asyncio.gather(
            rrm_queue.rank_async(**ROW, judge=JUDGE),
            rrm_queue.rank_many_async([ROW, ROW], judge=JUDGE),
        )
        return one.best, [ranking.best for ranking in many]

    assert asyncio.run(both()) == ("Good.", ["Good.", "Good."])


def test_rewards_go_there_too() -> None:
    found = rrm_queue.rewards(ROW["prompt"], ROW["candidates"], judge=JUDGE)
    assert found["ranks"] == [2, 1]
    again = asyncio.run(rrm_queue.rewards_async(ROW["prompt"], ROW["candidates"], judge=JUDGE))
    assert again == found


def test_one_text_in_the_place_of_a_list_is_refused() -> None:
    for call in (
        lambda: rrm_queue.rank("p", "one text", judge=JUDGE),
        lambda: rrm_queue.rank_many([{"prompt": "p", "candidates": "one text"}], judge=JUDGE),
        lambda: rrm_queue.rewards("p", "one text", judge=JUDGE),
    ):
        with pytest.raises(UsageFault, match="list of answers"):
            call()


def test_what_the_server_refuses_is_an_error_here() -> None:
    with pytest.raises(UsageFault, match="reference"):
        rrm_queue.rank("p", ["a", "b"], judge="reference")
    with pytest.raises(UsageFault, match="gold"):
        rrm_queue.rank("p", ["a", "b"], judge=JUDGE)
