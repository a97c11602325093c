"""Trainers ask `rrmq serve` for rewards exactly as their own code does."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import psutil
import pytest
from kit.reward_server import JUDGE, RewardServer, reward_server
from kit.waiting import eventually

from rrm_queue.errors import Overloaded, RewardMissing, UsageFault
from rrm_queue.integrations import slime, trl, verl
from rrm_queue.integrations.openrlhf import reward_function as openrlhf_function
from rrm_queue.integrations.verifiers import judge_episode
from rrm_queue.reward_client import RewardClient, complete

LONG, MIDDLE, SHORT = "a long answer with reasons", "a fair answer", "no"
ANSWERS = [SHORT, LONG, MIDDLE, LONG]
"""The judge prefers the longer one; two are the same text, as samples of a model often are."""

_prompts = (f"Question {number}?" for number in itertools.count())


@pytest.fixture(scope="module")
def server() -> Iterator[RewardServer]:
    with reward_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _environment(server: RewardServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RRMQ_REWARDS", f'{{"judge": "{JUDGE}"}}')


def is_right(rewards: Sequence[float | None]) -> bool:
    short, long, middle, again = complete(rewards)
    return short < middle < long == again


async def posted(url: str, body: object) -> Any:
    """As the trainers send it: the token is the password in the address."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, json=body) as response,
    ):
        response.raise_for_status()
        return await response.json()


def test_openrlhf_sends_one_query_at_a_time(server: RewardServer) -> None:
    prompt, url = f"<|user|>{next(_prompts)}<|assistant|>", server.trainer_url("openrlhf", 4)

    async def ask(answer: str) -> Any:
        query = f"<s>{prompt}{answer}</s>"
        return await posted(url, {"query": [query], "prompts": [prompt], "labels": [None]})

    async def run() -> list[Any]:
        return await asyncio.gather(*map(ask, ANSWERS))

    answered = asyncio.run(run())
    assert is_right([one["rewards"][0] for one in answered])
    assert all(one["scores"] == one["rewards"] and one["extra_logs"] == {} for one in answered)


def test_openrlhf_calls_a_function_in_threads() -> None:
    prompt, ask = next(_prompts), openrlhf_function(size=4)

    async def run() -> list[Any]:
        calls = (asyncio.to_thread(ask, [prompt + one], [prompt], [None]) for one in ANSWERS)
        return await asyncio.gather(*calls)

    assert is_right([one["rewards"][0] for one in asyncio.run(run())])
    with pytest.raises(UsageFault, match="does not hold its prompt"):
        ask(["another text"], [prompt], [None])


def test_slime_takes_the_body_for_the_reward(server: RewardServer) -> None:
    prompt, url = next(_prompts), server.trainer_url("slime", 4)

    async def ask(answer: str) -> Any:
        return await posted(url, {"prompt": prompt, "response": answer, "label": None})

    async def epoch() -> list[Any]:
        return await asyncio.gather(*map(ask, ANSWERS))

    first = asyncio.run(epoch())
    assert is_right(first)
    # The same texts in the next epoch are another group, which does not wait for its answers.
    assert asyncio.run(epoch()) == pytest.approx(first)


def connections_to(server: RewardServer) -> list[Any]:
    """The server's ends of connections that it has not closed."""
    return [
        one
        for one in psutil.net_connections("tcp")
        if one.laddr
        and one.laddr.port == server.port
        and one.status in {psutil.CONN_ESTABLISHED, psutil.CONN_CLOSE_WAIT}
    ]


def test_a_lost_connection_loses_no_place(server: RewardServer) -> None:
    prompt, url = next(_prompts), server.trainer_url("slime", 2)
    body = {"prompt": prompt, "response": SHORT, "label": None}
    before = len(connections_to(server))

    def all_lost() -> bool:
        return len(connections_to(server)) <= before

    async def run() -> list[Any]:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(posted(url, body), 0.5)
            # Until the server hears of it, the same text again is another answer of the group.
            await asyncio.to_thread(eventually, all_lost, "the server has heard of it")
        return list(
            await asyncio.gather(posted(url, body), posted(url, {**body, "response": LONG}))
        )

    short, long = asyncio.run(run())
    assert short < long


@dataclass
class Sample:
    """As slime's, with what a reward function reads."""

    prompt: str
    response: str
    label: str | None = None


def test_slime_calls_functions_for_a_sample_and_for_a_group() -> None:
    arguments, prompt = SimpleNamespace(n_samples_per_prompt=4), next(_prompts)
    samples = [Sample(prompt, answer) for answer in ANSWERS]
    assert is_right(asyncio.run(slime.group_rewards(arguments, samples)))

    async def each() -> list[float]:
        return await asyncio.gather(*(slime.reward(arguments, one) for one in samples))

    assert is_right(asyncio.run(each()))


def test_verl_scores_a_sample_and_a_batch() -> None:
    info = {"question": next(_prompts), "num_turns": None}

    async def each() -> list[dict[str, float]]:
        scores = (
            verl.compute_score(
                data_source="d", solution_str=one, ground_truth="", extra_info=info, size=4
            )
            for one in ANSWERS
        )
        return await asyncio.gather(*scores)

    assert is_right([one["score"] for one in asyncio.run(each())])
    infos = [info] * 4 + [{"question": next(_prompts)}] * 4
    rewards = verl.compute_scores(["d"] * 8, ANSWERS * 2, [""] * 8, infos)
    assert is_right(rewards[:4])
    assert is_right(rewards[4:])
    with pytest.raises(UsageFault, match="prompt_key"):
        asyncio.run(verl.compute_score("d", "a", "", {}, size=4))


@dataclass
class Trace:
    """As verifiers', with what a judgement reads and writes."""

    last_reply: str
    rewards: dict[str, float] = field(default_factory=dict)

    def record_reward(self, name: str, value: float, weight: float = 1.0) -> None:
        self.rewards[name] = value * weight


def test_verifiers_records_a_reward_on_each_trace() -> None:
    traces = [Trace(answer) for answer in ANSWERS]
    asyncio.run(judge_episode(SimpleNamespace(traces=traces), next(_prompts), name="judged"))
    assert is_right([trace.rewards["judged"] for trace in traces])


def test_nemo_gym_compares_and_verifies(server: RewardServer) -> None:
    def response(text: str) -> dict[str, Any]:
        said = {"type": "message", "content": [{"type": "output_text", "text": text}]}
        return {"id": "r", "output": [{"type": "reasoning", "summary": []}, said]}

    history = [{"role": "user", "content": next(_prompts)}]
    asked = {"conversation_history": history, "response_objs": [*map(response, ANSWERS)]}
    compared = asyncio.run(
        posted(server.trainer_url("nemo-gym/compare", 4).replace("size=4&", ""), asked)
    )
    assert is_right(compared["rewards"])

    async def verify(place: int) -> Any:
        rollout = {
            "responses_create_params": {"input": history},
            "response": response(ANSWERS[place]),
            "_ng_task_index": 7,
            "_ng_rollout_index": place,
        }
        verified = await posted(server.trainer_url("nemo-gym/verify", 4), rollout)
        assert {name: verified[name] for name in rollout} == rollout
        return verified["reward"]

    async def run() -> list[Any]:
        return await asyncio.gather(*map(verify, range(4)))

    assert is_right(asyncio.run(run()))


def test_trl_calls_with_whole_groups_and_with_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = [[{"role": "user", "content": next(_prompts)}] for _ in range(2)]
    said = [[{"role": "assistant", "content": answer}] for answer in ANSWERS]
    function = trl.reward_function(num_generations=4, name="judged")
    assert function.__name__ == "judged"
    rewards = function([one] * 4 + [two] * 4, said * 2, completion_ids=[], trainer_state=None)
    assert is_right(rewards[:4])
    assert is_right(rewards[4:])
    with pytest.raises(UsageFault, match="prompts change within a group"):
        function([one, one, two, two], said, completion_ids=[])

    prompt = next(_prompts)
    ask: Callable[..., Awaitable[trl.Rewards]] = trl.async_reward_function(num_generations=4)

    async def process(rank: int) -> trl.Rewards:
        monkeypatch.setenv("RANK", str(rank))
        part = ask(prompts=[prompt] * 2, completions=ANSWERS[2 * rank : 2 * rank + 2])
        return await part

    async def run() -> list[trl.Rewards]:
        first = asyncio.create_task(process(0))
        await asyncio.sleep(0)  # it has read its rank
        return list(await asyncio.gather(first, process(1)))

    first, second = asyncio.run(run())
    assert is_right([*first, *second])
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UsageFault, match="state num_generations"):
        trl.reward_function()


def test_a_policy_may_write_what_no_store_takes() -> None:
    answers = [
        "\0",
        "long \0 and odd \ud83d, indeed",
        "fair \udc00",
        "long \0 and odd \ud83d, indeed",
    ]
    rewards = asyncio.run(RewardClient().group(next(_prompts), answers))
    assert is_right([rewards[0], rewards[1], rewards[2], rewards[3]])


def test_what_the_server_refuses_is_said_once() -> None:
    async def ask(**options: Any) -> list[float | None]:
        return await RewardClient(**options).group(next(_prompts), [LONG, SHORT])

    with pytest.raises(UsageFault, match="401"):
        asyncio.run(ask(token="wrong"))  # noqa: S106
    with pytest.raises(UsageFault, match="unknown judge 'nobody'"):
        asyncio.run(ask(judge="nobody"))
    with pytest.raises(Overloaded, match="no answer in 1 s"):
        asyncio.run(ask(url="http://127.0.0.1:9", patience=1))
    with pytest.raises(RewardMissing):
        complete([0.5, None])
    assert complete([0.5, None], missing=0.25) == [0.5, 0.25]
