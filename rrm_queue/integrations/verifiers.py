"""Rewards for verifiers: call `judge_episode` in an environment's `finalize`.

An episode holds several traces of one task, such as those of the environment `best-of-n`
(verifiers 0.4, `Env.finalize`). Each trace gets a reward for its last reply beside the others'.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from rrm_queue.reward_client import Prompt, RewardClient, complete


class Trace(Protocol):
    """What is used of a verifiers trace."""

    @property
    def last_reply(self) -> str:
        """The last message of the agent."""

    def record_reward(self, name: str, value: float, weight: float = 1.0) -> None:
        """Adds a reward."""


class Episode(Protocol):
    """What is used of a verifiers episode."""

    traces: Sequence[Any]


async def judge_episode(
    episode: Episode,
    prompt: Prompt,
    *,
    reference: str | None = None,
    name: str = "rrmq",
    weight: float = 1.0,
    **options: Any,
) -> None:
    """Records a reward called `name` on every trace of the episode.

    `prompt` is the task's, such as `task.data.prompt_text`. `options` are those of `RewardClient`.
    Raises RewardMissing and what `RewardClient` raises. Verifiers then counts the episode as
    failed, and no trace has a reward of ours.
    """
    traces: Sequence[Trace] = episode.traces
    answers = [trace.last_reply for trace in traces]
    rewards = complete(await RewardClient(**options).group(prompt, answers, reference))
    for trace, reward in zip(traces, rewards, strict=True):
        trace.record_reward(name, reward, weight)
