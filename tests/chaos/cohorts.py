"""Cohorts under fire: `python -m chaos.cohorts --groups 2000`.

Clients send the answers of groups one by one, to any server. They send late, repeat requests, drop
connections, and die; servers, coordinators and workers are killed meanwhile. Each group must be
rewarded once, rightly and before its deadline.
"""

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import aiohttp
from kit.reward_servers import TOKEN, RewardFleet, reward_fleet, samples

from chaos.parts import kill
from rrm_queue.domain import CandidateNumber, Result
from rrm_queue.ratings.rewards import rewards
from rrm_queue.store.connection import text
from rrm_queue.views.rewards import RewardFormula

SIZE = 8
IN_FLIGHT = 4  # answers of a client that are waited for at once
LATE = 2.0  # seconds by which an answer may come late
PATIENCE = (1.0, 10.0, 60.0)  # seconds after which a client drops a connection
LIFE = 8.0  # seconds that a client lives on average
DEATHS = 3  # of a client; then it lives on

Sample = dict[str, Any]
Told = dict[tuple[str, int], set[float]]

COUNTS = text("""
    SELECT (SELECT count(*) FROM cohorts WHERE state = 'judged') AS judged,
           (SELECT count(DISTINCT tournament_id) FROM cohorts) AS of_cohorts,
           (SELECT count(*) FROM tournaments WHERE state = 'done') AS tournaments,
           (SELECT count(*) FROM cohort_samples) AS samples,
           (SELECT count(*) FROM matches WHERE state = 'done') AS matches,
           (SELECT count(*) FROM (SELECT DISTINCT tournament_id, least(first, second),
                                         greatest(first, second) FROM matches) AS p) AS pairs,
           (SELECT count(*) FROM votes) AS votes
""")


@dataclass
class Fire:
    """What was sent and told; `first` and `last` are seconds, by group."""

    told: Told = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    last: dict[str, float] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def slowest(self) -> float:
        """The longest time from a group's first answer to its last reward."""
        return max(self.last[group] - self.first[group] for group in self.last)


def fire(groups: int, *, clients: int, deadline: float, kills: int, seed: int = 5) -> Fire:
    """Sends so many groups from so many clients, while so many processes are killed."""
    with reward_fleet(coordinators=2, workers=2, servers=2) as ours:
        bodies = [samples(number, timeout=deadline) for number in range(groups)]
        found = Fire()
        began = time.monotonic()
        asyncio.run(_sent(ours, bodies, clients, kills, random.Random(seed), found))
        found.seconds = time.monotonic() - began
        found.wrong += _wrong_rewards(bodies, found) + _wrong_counts(ours, groups)
        found.wrong += [
            f"{group} took longer than its deadline"
            for group, first in found.first.items()
            if found.last.get(group, first + deadline + 1) - first > deadline
        ]
    return found


def undisturbed(golds: Sequence[int]) -> list[float | None]:
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


def _wrong_rewards(bodies: Sequence[Sequence[Sample]], found: Fire) -> list[str]:
    wrong = []
    for group in bodies:
        expected = undisturbed([body["completion"]["gold"] for body in group])
        for body, reward in zip(group, expected, strict=True):
            told = found.told.get((body["group"], body["index"]), set())
            if reward is None or len(told) != 1 or abs(min(told) - reward) > 1e-6:
                wrong.append(f"{body['group']}, {body['index']}: {told}, not {reward}")
    return wrong


def _wrong_counts(ours: RewardFleet, groups: int) -> list[str]:
    pairs = groups * SIZE * (SIZE - 1) // 2
    with ours.fleet.store() as store:
        counts = store.execute(COUNTS).one()
    expected = (groups, groups, groups, groups * SIZE, pairs, pairs, pairs)
    return [] if tuple(counts) == expected else [f"{counts._asdict()}, not {expected}"]


async def _sent(
    ours: RewardFleet,
    bodies: Sequence[Sequence[Sample]],
    clients: int,
    kills: int,
    chance: random.Random,
    found: Fire,
) -> None:
    """All groups, whose answers are dealt to clients, while parts of the fleet are killed."""
    hands: list[list[Sample]] = [[] for _ in range(clients)]
    for group in bodies:
        for body in group:
            chance.choice(hands).append(body)
    killing = asyncio.create_task(_kill(ours, kills, len(bodies) * SIZE, random.Random(7), found))
    await asyncio.gather(
        *(
            _client(ours.servers, hand, random.Random(number), found)
            for number, hand in enumerate(hands)
        )
    )
    await killing


async def _client(
    servers: Sequence[str], hand: Sequence[Sample], chance: random.Random, found: Fire
) -> None:
    """Lives again and again until all of its answers have their rewards."""
    wanted = {(body["group"], body["index"]): chance.choice((1, 1, 2)) for body in hand}
    deaths = 0
    while any(wanted.values()):
        left = [body for body in hand if wanted[body["group"], body["index"]]]
        life = asyncio.create_task(_life(servers, left, wanted, chance, found))
        limit = chance.expovariate(1 / LIFE) if deaths < DEATHS else None
        done, _ = await asyncio.wait([life], timeout=limit)
        if not done:
            life.cancel()  # it dies, with all of its connections
            deaths += 1
            found.kills["client"] += 1
        await asyncio.gather(life, return_exceptions=not done)
        await asyncio.sleep(chance.uniform(0, LATE))


async def _life(
    servers: Sequence[str],
    left: Sequence[Sample],
    wanted: dict[tuple[str, int], int],
    chance: random.Random,
    found: Fire,
) -> None:
    """Sends what is left in its order, so that no group waits for a client that is busy."""
    places = asyncio.Semaphore(IN_FLIGHT)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as session,
        asyncio.TaskGroup() as sending,
    ):
        for body in left:
            await places.acquire()
            sent = sending.create_task(_send(session, servers, body, wanted, chance, found))
            sent.add_done_callback(lambda _: places.release())


async def _send(
    session: aiohttp.ClientSession,
    servers: Sequence[str],
    body: Sample,
    wanted: dict[tuple[str, int], int],
    chance: random.Random,
    found: Fire,
) -> None:
    """Sends an answer late and again and again, until it was told its reward often enough."""
    group, place = body["group"], (body["group"], body["index"])
    await asyncio.sleep(chance.uniform(0, LATE))
    while wanted[place]:
        found.first.setdefault(group, time.monotonic())
        timeout = aiohttp.ClientTimeout(chance.choice(PATIENCE))
        address = f"{chance.choice(servers)}/v1/rewards/sample"
        try:
            async with session.post(address, json=body, timeout=timeout) as answer:
                found.statuses[str(answer.status)] += 1
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            found.statuses[type(error).__name__] += 1
            await asyncio.sleep(chance.uniform(0, 0.5))
            continue
        if answer.status == 200:
            found.told.setdefault(place, set()).add(told["reward"])
            found.last[group] = time.monotonic()
            wanted[place] -= 1
        elif answer.status not in (502, 503, 504) or "reward" in told:
            found.wrong.append(f"{place}: {answer.status} {told}")
            wanted[place] = 0


async def _kill(
    ours: RewardFleet, kills: int, samples: int, chance: random.Random, found: Fire
) -> None:
    """Kills parts, one after the other as the groups go on, and starts them again."""
    names = [n for n in ours.fleet.parts if n.startswith(("server-", "coordinator-", "judge-"))]
    for number in range(kills):
        while len(found.told) < number * samples // kills:
            await asyncio.sleep(0.1)
        name = names[number % len(names)]
        _say(f"{len(found.told)} of {samples} answers have their reward; kills {name}")
        kill(ours.fleet.parts[name])
        found.kills[name.partition("-")[0]] += 1
        await asyncio.sleep(chance.uniform(0, 1))
        list(ours.fleet.tend())


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main() -> int:
    """Exit code 0 when every group was rewarded once, rightly and in time."""
    parser = argparse.ArgumentParser(prog="chaos.cohorts", description=__doc__)
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--deadline", type=float, default=600.0, help="seconds for a group")
    parser.add_argument("--kills", type=int, default=60, help="processes that are killed")
    given = parser.parse_args()
    found = fire(given.groups, clients=given.clients, deadline=given.deadline, kills=given.kills)
    print(f"{given.groups} groups of {SIZE} from {given.clients} clients: {found.seconds:.0f} s")
    print(f"the slowest group took {found.slowest():.0f} s; killed: {dict(found.kills)}")
    print(f"answers: {dict(found.statuses)}")
    print(*found.wrong[:20], f"{len(found.wrong)} differences", sep="\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
