"""Prometheus metrics of a process: a registry of its own, served at /metrics."""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.process_collector import ProcessCollector

from rrm_queue.errors import UsageFault


class Registry:
    """Metrics whose names begin with `rrmq_` and end in their unit, counters in `_total`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

    def serve(self, host: str, port: int) -> None:
        """Serves http://host:port/metrics from now on; raises UsageFault when it cannot."""
        try:
            start_http_server(port, host, registry=self.registry)
        except OSError as error:
            raise UsageFault(f"metrics at {host}:{port}: {error.strerror or error}") from error

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        """A number that only grows."""
        return Counter(f"rrmq_{name}", text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        """A number that goes up and down."""
        return Gauge(f"rrmq_{name}", text, labels, registry=self.registry)

    def histogram(self, name: str, text: str, buckets: Sequence[float]) -> Histogram:
        """How long something takes, in seconds."""
        return Histogram(f"rrmq_{name}", text, buckets=buckets, registry=self.registry)
