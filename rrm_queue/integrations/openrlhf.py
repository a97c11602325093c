"""Rewards for OpenRLHF: `--reward.remote_url FILE.py` with a `reward_func` made here.

OpenRLHF calls it in a thread for each answer, with lists of one entry, and takes the answer of
`serve_rm.py` (OpenRLHF 0.11, `utils/agent.py`). `--reward.remote_url` may also be an address of
`rrmq serve` itself; see `docs/how-to/trainers.md`.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

from rrm_queue.errors import UsageFault
from rrm_queue.intake.formats.dialogues import answer_after
from rrm_queue.reward_client import RewardClient, run


class Rewarded(TypedDict):
    """What OpenRLHF takes: a reward and a score for each query; None where there is none."""

    rewards: list[float | None]
    scores: list[float | None]
    extra_logs: dict[str, float]


RewardFunc = Callable[[Sequence[str], Sequence[str], Sequence[str | None]], Rewarded]


def reward_function(*, size: int, **options: Any) -> RewardFunc:
    """A `reward_func`; `size` is the trainer's `--rollout.n_samples_per_prompt`.

    The labels are references, for judges that need them. `options` are those of `RewardClient`.
    Raises UsageFault. The function raises it for a query without its prompt, and also what
    `RewardClient` raises.
    """
    client = RewardClient(**options)

    def reward_func(
        queries: Sequence[str], prompts: Sequence[str], labels: Sequence[str | None]
    ) -> Rewarded:
        rewards = []
        for query, prompt, label in zip(queries, prompts, labels, strict=True):
            answer = answer_after(prompt, query)
            if answer is None:
                raise UsageFault("a query does not hold its prompt: was it cut to fit the model?")
            rewards.append(run(client.sample(prompt, answer, size=size, reference=label or None)))
        return {"rewards": rewards, "scores": list(rewards), "extra_logs": {}}

    return reward_func
