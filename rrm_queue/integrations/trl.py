"""Rewards for TRL's trainers: `reward_funcs=reward_function(...)`.

TRL calls it in each process with `prompts`, `completions` and the data set's columns, each a list
with an entry an answer; the answers to one prompt follow each other. It wants a number or None for
each (TRL 1.16, `GRPOTrainer._calculate_rewards`; None becomes NaN). Asynchronous GRPO calls it with
exactly one group.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from rrm_queue.errors import UsageFault
from rrm_queue.reward_client import Prompt, RewardClient, run

Rewards = list[float | None]


def reward_function(
    *,
    num_generations: int | None = None,
    reference: str | None = None,
    name: str = "rrmq",
    **options: Any,
) -> Callable[..., Rewards]:
    """A reward function for `reward_funcs`; TRL logs its rewards under `name`.

    `num_generations` is the trainer's. It is needed where a process may hold a part of a group, so
    always where several processes train. `reference` is the column with the right answers, for
    judges that need them. `options` are those of `RewardClient`. Raises UsageFault.
    """
    ask = async_reward_function(num_generations=num_generations, reference=reference, **options)

    def rewards(prompts: Sequence[Prompt], completions: Sequence[Prompt], **rest: Any) -> Rewards:
        return run(_awaited(ask(prompts=prompts, completions=completions, **rest)))

    rewards.__name__ = name
    return rewards


def async_reward_function(
    *,
    num_generations: int | None = None,
    reference: str | None = None,
    name: str = "rrmq",
    **options: Any,
) -> Callable[..., Awaitable[Rewards]]:
    """The same as an `async` function: TRL runs it beside its other asynchronous functions."""
    client = RewardClient(**options)
    if num_generations is None and _world() > 1:
        raise UsageFault("several processes train: state num_generations, as the trainer has it")

    async def rewards(
        prompts: Sequence[Prompt], completions: Sequence[Prompt], **rest: Any
    ) -> Rewards:
        references = rest[reference] if reference is not None else [None] * len(prompts)
        rows = list(zip(prompts, completions, references, strict=True))
        if num_generations is None or len(rows) % num_generations == 0:
            return await _whole(client, _groups(rows, num_generations))
        return await _parts(client, rows, num_generations)

    rewards.__name__ = name
    return rewards


Row = tuple[Prompt, Prompt, str | None]


def _groups(rows: Sequence[Row], size: int | None) -> list[list[Row]]:
    """The rows of each prompt. Raises UsageFault when a group is not of one prompt."""
    if size is None:
        return [list(group) for _, group in groupby(rows, key=lambda row: row[0])]
    groups = [list(rows[start : start + size]) for start in range(0, len(rows), size)]
    for group in groups:
        if any(row[0] != group[0][0] for row in group):
            raise UsageFault(f"num_generations is not {size}: prompts change within a group")
    return groups


async def _whole(client: RewardClient, groups: Iterable[Sequence[Row]]) -> Rewards:
    rewards = await asyncio.gather(
        *(client.group(group[0][0], [row[1] for row in group], group[0][2]) for group in groups)
    )
    return [reward for group in rewards for reward in group]


async def _parts(client: RewardClient, rows: Sequence[Row], size: int) -> Rewards:
    """Rewards where other processes hold the rest of a group; all of them have as many rows."""
    first = int(os.environ.get("RANK", "0")) * len(rows)
    return await asyncio.gather(
        *(
            client.sample(
                prompt, completion, size=size, index=(first + row) % size, reference=answer
            )
            for row, (prompt, completion, answer) in enumerate(rows)
        )
    )


def _world() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


async def _awaited(rewards: Awaitable[Rewards]) -> Rewards:
    return await rewards
