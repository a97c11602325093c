"""What a worker tells Prometheus: names end in their unit, counters in `_total`."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server
from prometheus_client.process_collector import ProcessCollector

from rrm_queue.domain import Vote
from rrm_queue.errors import UsageFault
from rrm_queue.messages import JudgeBatch, MatchReport

_BATCH_SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Metrics:
    """One worker's numbers, in a registry of their own; served once `serve` is called."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._votes = self._counter("votes", "Votes cast.", "judge", "verdict")
        self._no_verdicts = self._counter("no_verdicts", "Votes without a verdict.", "reason")
        self._tokens = self._counter(
            "tokens", "Tokens of votes: prompt, cached of it, new.", "kind"
        )
        self._failures = self._counter("match_failures", "Matches without an outcome.", "judge")
        self.matches_held = self._gauge("matches_held", "Matches taken and not decided yet.")
        self.requests_in_flight = self._gauge("requests_in_flight", "Requests with an engine now.")
        self.batches_held = self._gauge("batches_held", "Batches held under a lease.")
        self.engine_up = self._gauge("engine_up", "1 while the engine may be asked.")
        self.engine_restarts = Counter(
            "rrmq_engine_restarts", "Starts of the engine after the first.", registry=self.registry
        )
        self.batch_seconds = Histogram(
            "rrmq_batch_seconds",
            "From a batch's lease to its end.",
            buckets=_BATCH_SECONDS,
            registry=self.registry,
        )

    def serve(self, host: str, port: int) -> None:
        """Answers at http://host:port/metrics from now on; raises UsageFault when it cannot."""
        try:
            start_http_server(port, host, registry=self.registry)
        except OSError as error:
            raise UsageFault(f"metrics at {host}:{port}: {error.strerror or error}") from error

    def count(self, batch: JudgeBatch, report: MatchReport) -> None:
        """Counts one match that is decided or has failed."""
        judge = str(batch.judge)
        self.matches_held.dec()
        if report.failure is not None:
            self._failures.labels(judge).inc()
        for vote in report.votes:
            self._count_vote(judge, vote)

    def _count_vote(self, judge: str, vote: Vote) -> None:
        self._votes.labels(judge, vote.verdict).inc()
        if vote.no_verdict is not None:
            self._no_verdicts.labels(vote.no_verdict).inc()
        self._tokens.labels("prompt").inc(vote.prompt_tokens)
        self._tokens.labels("cached").inc(vote.cached_tokens)
        self._tokens.labels("completion").inc(vote.completion_tokens)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"rrmq_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"rrmq_{name}", text, registry=self.registry)
