"""Cohorts while servers, coordinators and workers are killed: each group is rewarded once, rightly.

Clients send single answers in any order and to any server. They repeat requests, drop connections,
and go on after every kind of failure until they have a reward.
"""

import asyncio
import random
import time
from itertools import combinations
from typing import Any

import aiohttp
import pytest
from chaos.parts import kill
from kit.reward_servers import TOKEN, RewardFleet, reward_fleet, samples
from sqlalchemy import text

from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.rewards import rewards
from rrm_queue.views.rewards import RewardFormula

GROUPS, SIZE = 100, 8
DEADLINE = 200.0  # seconds that a group may take
KILLS = 12
PAUSE = 1.0  # seconds between two kills

Sample = dict[str, Any]


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.timeout(600)
def test_every_group_is_rewarded_once_and_rightly_while_everything_is_killed() -> None:
    with reward_fleet(coordinators=2, workers=2, servers=2) as ours:
        bodies = [samples(number, timeout=DEADLINE) for number in range(GROUPS)]
        began = time.monotonic()
        found = asyncio.run(_sent(ours, [body for group in bodies for body in group]))
        assert time.monotonic() - began < DEADLINE
        for group in bodies:
            expected = undisturbed([body["completion"]["gold"] for body in group])
            for body, reward in zip(group, expected, strict=True):
                told = found[body["group"], body["index"]]
                assert list(told) == [pytest.approx(reward)], body["group"]
        with ours.fleet.store() as store:
            judged = store.execute(
                text("""
                    SELECT count(*) AS cohorts, count(DISTINCT tournament_id) AS tournaments,
                           (SELECT count(*) FROM tournaments) AS all_tournaments,
                           (SELECT count(*) FROM cohort_samples) AS samples
                    FROM cohorts WHERE state = 'judged'
                """)
            ).one()
        assert tuple(judged) == (GROUPS, GROUPS, GROUPS, GROUPS * SIZE)


def undisturbed(golds: list[int]) -> list[float | None]:
    """The rewards of a group whose judge is always right."""
    results = [
        Result(
            CandidateNumber(one),
            CandidateNumber(two),
            CandidateNumber(one if golds[one] > golds[two] else two),
        )
        for one, two in combinations(range(len(golds)), 2)
    ]
    return rewards(range(len(golds)), results, 0, RewardFormula()).rewards


async def _sent(ours: RewardFleet, bodies: list[Sample]) -> dict[tuple[str, int], set[float]]:
    """All rewards that were told for each sample, while parts of the fleet are killed."""
    chance = random.Random(5)
    chance.shuffle(bodies)
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        killing = asyncio.create_task(_kill(ours, random.Random(7)))
        clients = [
            _client(session, ours.servers, body, random.Random(number))
            for number, body in enumerate(bodies)
        ]
        told = await asyncio.gather(*clients)
        await killing
    return {(b["group"], b["index"]): one for b, one in zip(bodies, told, strict=True)}


async def _client(
    session: aiohttp.ClientSession, servers: list[str], body: Sample, chance: random.Random
) -> set[float]:
    """Sends a sample late and again and again; what it was told, perhaps twice."""
    await asyncio.sleep(chance.uniform(0, KILLS * PAUSE))
    told: set[float] = set()
    wanted = chance.choice((1, 1, 2))
    while wanted:
        # Some clients give up early, and come again: their connection is dropped.
        patience = chance.choice((0.5, 3.0, 60.0))
        try:
            async with session.post(
                f"{chance.choice(servers)}/v1/rewards/sample",
                json=body,
                timeout=aiohttp.ClientTimeout(patience),
            ) as answer:
                if answer.status == 200:
                    told.add((await answer.json())["reward"])
                    wanted -= 1
                else:
                    assert answer.status in (502, 503, 504), await answer.text()
                    assert "reward" not in await answer.json()
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            await asyncio.sleep(chance.uniform(0, 0.5))
    return told


async def _kill(ours: RewardFleet, chance: random.Random) -> None:
    """Kills parts, one after the other, and starts them again."""
    names = [n for n in ours.fleet.parts if n.startswith(("server-", "coordinator-", "judge-"))]
    for number in range(KILLS):
        await asyncio.sleep(PAUSE)
        part = ours.fleet.parts[names[number % len(names)]]
        kill(part)
        await asyncio.sleep(chance.uniform(0, PAUSE))
        list(ours.fleet.tend())
