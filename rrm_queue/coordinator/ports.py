"""What the coordinator needs of a broker; `broker.client` is one."""

from collections.abc import Collection, Sequence
from typing import Protocol

from rrm_queue.domain import BatchId, BatchRef, JobId
from rrm_queue.messages import Epoch, Flush, Holder, JudgeBatch, QueueFacts, SharedMessage


class Broker(Protocol):
    """Publishes batches and knows who runs them. Every call may raise BrokerUnavailable."""

    def publish(self, queue: str, messages: Sequence[JudgeBatch | SharedMessage]) -> None:
        """Sends messages to their judge's queue."""

    def epoch(self) -> Epoch:
        """What changes when the broker has lost its data."""

    def holders(self, batches: Sequence[BatchRef]) -> dict[BatchId, Holder | None]:
        """The holder of each batch, None where there is none."""

    def give_up(self, batches: Sequence[BatchRef]) -> None:
        """Marks batches as over, so that workers drop their messages if they still arrive."""

    def receive(self, seconds: float) -> Sequence[Flush]:
        """Flushes that no coordinator has received yet; waits for them, `seconds` at most."""

    def ack(self, flushes: Collection[Flush]) -> None:
        """Removes flushes that are recorded."""

    def relist(self, batches: Collection[BatchRef]) -> None:
        """Lists the flushes of these batches again: a coordinator receives them once more."""

    def unrecorded(self, batches: Sequence[BatchRef]) -> set[BatchId]:
        """Those of the batches of which flushes wait to be recorded."""

    def announce(self, name: str) -> None:
        """Shows that this coordinator is present; it must be called again before that lapses."""

    def withdraw(self, name: str) -> None:
        """Ends this coordinator's presence."""

    def stop(self, jobs: Collection[JobId]) -> None:
        """Tells the workers to release the batches of these jobs."""

    def facts(self, queue: str) -> QueueFacts:
        """The live workers of a queue, and how much memory the broker has for its messages."""

    def waiting(self, queue: str) -> int:
        """How many messages no worker has taken."""
