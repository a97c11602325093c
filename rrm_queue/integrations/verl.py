"""Rewards for verl: `reward.custom_reward_function.path` is this file, `name` is `compute_score`.

verl's reward loop calls it once for each answer (verl 0.9, `reward_manager/naive.py`); the older
batch manager calls `compute_scores` with a whole batch. Their `reward_kwargs` are the options here.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from rrm_queue.errors import UsageFault
from rrm_queue.reward_client import Prompt, RewardClient, complete, run


async def compute_score(
    data_source: str,  # noqa: ARG001  # verl states it by name
    solution_str: str,
    ground_truth: object,
    extra_info: Mapping[str, Any] | None = None,
    *,
    size: int,
    prompt_key: str = "question",
    missing: float | None = None,
    **options: Any,
) -> dict[str, float]:
    """The reward of one answer, once all `size` answers to its prompt are there.

    `size` is `actor_rollout_ref.rollout.n`. The prompt is `extra_info[prompt_key]`. `missing` takes
    the place of a reward that the judge did not give; without it RewardMissing is raised. Raises
    UsageFault and what `RewardClient` raises.
    """
    reward = await _client(options).sample(
        _prompt(extra_info, prompt_key), solution_str, size=size, reference=_text(ground_truth)
    )
    return {"score": complete([reward], missing)[0]}


def compute_scores(
    data_sources: Sequence[str],  # noqa: ARG001  # verl states it by name
    solution_strs: Sequence[str],
    ground_truths: Sequence[object],
    extra_infos: Sequence[Mapping[str, Any] | None],
    *,
    prompt_key: str = "question",
    missing: float | None = None,
    **options: Any,
) -> list[float]:
    """The rewards of a batch, for verl's `batch` reward manager; the answers to one prompt compete.

    Options and errors are those of `compute_score`.
    """
    groups: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for row, (info, truth) in enumerate(zip(extra_infos, ground_truths, strict=True)):
        groups[str(_prompt(info, prompt_key)), _text(truth)].append(row)
    asked = run(_grouped(_client(options), groups, solution_strs))
    rewards: list[float | None] = [None] * len(solution_strs)
    for rows, group in zip(groups.values(), asked, strict=True):
        for row, reward in zip(rows, group, strict=True):
            rewards[row] = reward
    return complete(rewards, missing)


async def _grouped(
    client: RewardClient,
    groups: Mapping[tuple[str, str | None], Sequence[int]],
    answers: Sequence[str],
) -> list[list[float | None]]:
    return await asyncio.gather(
        *(
            client.group(prompt, [answers[row] for row in rows], reference)
            for (prompt, reference), rows in groups.items()
        )
    )


def _client(options: Mapping[str, Any]) -> RewardClient:
    """The client; verl's own arguments for reward models are none of ours."""
    return RewardClient(**{k: v for k, v in options.items() if not k.startswith("reward_")})


def _prompt(extra_info: Mapping[str, Any] | None, key: str) -> Prompt:
    try:
        prompt: Prompt = (extra_info or {})[key]
    except KeyError:
        raise UsageFault(
            f"extra_info has no {key!r}: name the key that holds the prompt with prompt_key"
        ) from None
    return prompt


def _text(ground_truth: object) -> str | None:
    """The right answer as a reference; only judges that need one read it."""
    return ground_truth if isinstance(ground_truth, str) and ground_truth else None
