"""What a coordinator tells Prometheus: what its turns know already, with no query of its own."""

from collections.abc import Mapping

from prometheus_client import Gauge

from rrm_queue.coordinator.observer import Observer, QueueLoad
from rrm_queue.metrics import Registry
from rrm_queue.store.queue.counters import Counts

_TURN_SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics(Registry, Observer):
    """One coordinator's numbers. Of several, each shows all queues and counts its own records."""

    def __init__(self) -> None:
        super().__init__()
        self._ready = self.gauge("queue_matches_ready", "Matches that could be sent.", "queue")
        self._out = self.gauge("queue_matches_out", "Matches sent and not recorded.", "queue")
        self._messages = self.gauge("queue_messages", "Messages no worker has taken.", "queue")
        self._inbox = self.gauge("inbox_batches", "Batches with outcomes that are not recorded.")
        self._decided = self.counter("matches_recorded", "Matches recorded with an outcome.")
        self._failed = self.counter("matches_failed", "Matches that failed for good.")
        self._votes = self.counter("votes_recorded", "Votes recorded.")
        self._dispatch = self.histogram(
            "dispatch_seconds", "A turn of dispatch over all queues.", _TURN_SECONDS
        )
        self._record = self.histogram(
            "record_seconds", "Recording a group of outcomes.", _TURN_SECONDS
        )

    def dispatched(self, loads: Mapping[str, QueueLoad], seconds: float) -> None:
        """Shows the queues that have jobs, and no others."""
        self._dispatch.observe(seconds)
        _show(self._ready, {queue: load.ready for queue, load in loads.items()})
        _show(self._out, {queue: load.out for queue, load in loads.items()})

    def recorded(self, counts: Counts, seconds: float) -> None:
        """Counts what was committed."""
        self._record.observe(seconds)
        self._decided.inc(counts.matches_done)
        self._failed.inc(counts.matches_failed)
        self._votes.inc(counts.votes)

    def looked(self, messages: Mapping[str, int], unrecorded: int) -> None:
        """Shows the queues that have batches out, and the inbox."""
        self._inbox.set(unrecorded)
        _show(self._messages, messages)


def _show(gauge: Gauge, values: Mapping[str, int]) -> None:
    """Sets the gauge of each queue, and drops queues that are there no more."""
    shown = {sample.labels["queue"] for metric in gauge.collect() for sample in metric.samples}
    for queue in shown - set(values):
        gauge.remove(queue)
    for queue, value in values.items():
        gauge.labels(queue).set(value)
