"""When a user should know that a seed does not repeat what a judge writes."""

from typing import TYPE_CHECKING

from rrm_queue.actions import options
from rrm_queue.actions.request import Request
from rrm_queue.domain import JudgeSpec
from rrm_queue.domain.jury import members
from rrm_queue.errors import Message, Option
from rrm_queue.judging.kinds import kind_of, queue_of

if TYPE_CHECKING:
    from rrm_queue.broker.client import BrokerClient

UNSEEDED = (
    "SGLang uses a vote's seed only with deterministic inference (`rrmq worker --deterministic`)"
)
"""Why a seed has no effect at such a worker, and what to do."""


def seed_warning(broker: "BrokerClient", request: Request) -> str | None:
    """What to say to a user who gave a seed that has no effect on the texts of the judge.

    None where no live worker says so. Raises BrokerUnavailable.
    """
    if request.seed == options.SEED.default or not sampled_by_workers(request.spec):
        return None
    if not broker.facts(queue_of(request.spec)).unseeded:
        return None
    said = f" draws pairs and orders, but does not repeat the judge's texts: {UNSEEDED}"
    return Message(Option("seed", str(request.seed)), said)


def sampled_by_workers(spec: JudgeSpec) -> bool:
    """Whether an engine of a worker draws the judge's texts, by seeds that are sent to it."""
    return any(
        kind_of(judge).needs_server and judge.temperature > 0 and "seed" not in judge.omit
        for judge in members(spec)
    )
