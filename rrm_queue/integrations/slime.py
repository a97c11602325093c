"""Rewards for slime: `--custom-rm-path rrm_queue.integrations.slime.reward`.

With `--group-rm` the path is `rrm_queue.integrations.slime.group_rewards` (slime 0.3,
`rollout/rm_hub/__init__.py`). slime passes no options, so they stand in RRMQ_REWARDS, a JSON object
of fields of `POST /v1/rewards`.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from rrm_queue.reward_client import Prompt, RewardClient, complete


class Arguments(Protocol):
    """What is read of slime's arguments."""

    @property
    def n_samples_per_prompt(self) -> int:
        """Answers to each prompt."""


class Sample(Protocol):
    """What is read of slime's sample; the label is a reference, for judges that need one."""

    @property
    def prompt(self) -> Prompt:
        """The prompt, as text or chat messages."""

    @property
    def response(self) -> str:
        """The answer."""

    @property
    def label(self) -> str | None:
        """The right answer."""


async def reward(args: Arguments, sample: Sample, **_: Any) -> float:
    """The reward of a sample, once all `--n-samples-per-prompt` of its prompt are there.

    Raises RewardMissing where the judge gave no verdict, and what `RewardClient` raises.
    """
    given = await RewardClient().sample(
        sample.prompt,
        sample.response,
        size=args.n_samples_per_prompt,
        reference=sample.label or None,
    )
    return complete([given])[0]


async def group_rewards(_: Arguments, samples: Sequence[Sample], **__: Any) -> list[float]:
    """The rewards of a group. Raises as `reward`."""
    first = samples[0]
    answers = [sample.response for sample in samples]
    given = await RewardClient().group(first.prompt, answers, first.label or None)
    return complete(given)
