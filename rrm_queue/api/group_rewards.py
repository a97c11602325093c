"""Rewards from Python: over the store of the settings, or over HTTP where they name a server."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any, cast

from rrm_queue.actions.rewards.answers import RewardsShape, equal_shape, rewards_shape
from rrm_queue.actions.rewards.asked import RewardRequest
from rrm_queue.actions.settings import read_settings, reveal
from rrm_queue.api.app import shared_rewards
from rrm_queue.errors import StillRunning, UsageFault
from rrm_queue.reward_client import RewardClient, run
from rrm_queue.views.groups import JudgedGroup
from rrm_queue.views.rewards import RewardFormula, RewardKind

MOST_THREADS = 256
"""Groups that an event loop waits for at the same time; further ones wait for their turn."""

TIMEOUT = 600.0
"""Seconds to wait for rewards, unless told otherwise."""


def rewards(
    prompt: str | Sequence[Mapping[str, Any]],
    completions: Sequence[Any],
    *,
    reference: str | float | None = None,
    criteria: str | None = None,
    id: str | None = None,  # noqa: A002  # the field's name
    job: str | None = None,
    kind: str = RewardKind.BT,
    center: bool = False,
    scale: bool = False,
    timeout: float = TIMEOUT,
    **options: Any,
) -> RewardsShape:
    """The rewards of a group of answers, in their order; waits until the judge has decided.

    `completions` are texts, lists of chat messages, or `{"text", "gold"?}`. Further options are
    those of `submit` that say how to judge. The same group again joins what is there. A reward is
    None, and `error` says why, where the judge decided nothing.
    With RRMQ_SERVER_URL the server there is asked, else the store. Raises BadInput, UsageFault,
    Conflict, JobHeld, and StillRunning after `timeout` seconds.
    """
    if isinstance(completions, str | bytes):
        raise UsageFault("completions is one text: give a list of answers")
    formula = RewardFormula(RewardKind(kind), center, scale)
    asked = RewardRequest(
        prompt=prompt,
        completions=completions,
        reference=reference,
        criteria=criteria,
        id=id,
        job=job,
        options=options,
        formula=formula,
    )
    settings = read_settings()
    if settings.server_url:
        client = RewardClient(settings.server_url, reveal(settings.server_token), patience=timeout)
        return cast("RewardsShape", run(client.ask(_body(asked))))
    service = shared_rewards()
    group, own = service.prepare(asked)
    if group.equal:
        return equal_shape(group.places, formula)
    joined = service.join(group, own).result()
    return rewards_shape(wait_for(joined.judged, joined.key, timeout), formula)


async def rewards_async(
    prompt: str | Sequence[Mapping[str, Any]], completions: Sequence[Any], **given: Any
) -> RewardsShape:
    """`rewards` for an event loop: any number of groups may be waited for at the same time."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(
        waiting_threads(), lambda: rewards(prompt, completions, **given)
    )


@cache
def waiting_threads() -> ThreadPoolExecutor:
    """The threads in which an event loop's requests wait."""
    return ThreadPoolExecutor(MOST_THREADS, "rrmq-rewards")


def _body(asked: RewardRequest) -> dict[str, Any]:
    """The request as `POST /v1/rewards` takes it."""
    return {
        **asked.options,
        "prompt": asked.prompt,
        "completions": list(asked.completions),
        "reference": asked.reference,
        "criteria": asked.criteria,
        "id": asked.id,
        "job": asked.job,
        "kind": asked.formula.kind.value,
        "center": asked.formula.center,
        "scale": asked.formula.scale,
    }


def wait_for(judged: Future[JudgedGroup], key: str, timeout: float | None) -> JudgedGroup:
    """What came of a group. Raises StillRunning after `timeout` seconds."""
    try:
        return judged.result(timeout)
    except TimeoutError:
        judged.cancel()
        raise StillRunning(f"group '{key}', {timeout:g} s") from None
