"""What a worker tells Prometheus."""

from functools import cache

from rrm_queue.domain import Vote
from rrm_queue.messages import JudgeBatch, MatchReport
from rrm_queue.metrics import Registry

_BATCH_SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)


class Metrics(Registry):
    """One worker's numbers."""

    def __init__(self) -> None:
        super().__init__()
        # Looked up once: to find a counter by its labels takes longer than to count.
        self._votes = cache(self.counter("votes", "Votes cast.", "judge", "verdict").labels)
        self._no_verdicts = self.counter("no_verdicts", "Votes without a verdict.", "reason")
        tokens = self.counter("tokens", "Tokens of votes: prompt, cached of it, new.", "kind")
        self._prompt_tokens = tokens.labels("prompt")
        self._cached_tokens = tokens.labels("cached")
        self._completion_tokens = tokens.labels("completion")
        self._failures = self.counter("match_failures", "Matches without an outcome.", "judge")
        self.matches_held = self.gauge("matches_held", "Matches taken and not decided yet.")
        self.requests_in_flight = self.gauge("requests_in_flight", "Requests with an engine now.")
        self.batches_held = self.gauge("batches_held", "Batches held under a lease.")
        self.engine_up = self.gauge("engine_up", "1 while the engine can be asked.")
        self.engine_restarts = self.counter(
            "engine_restarts", "Starts of the engine after the first."
        )
        self.batch_seconds = self.histogram(
            "batch_seconds", "From a batch's lease to its end.", _BATCH_SECONDS
        )

    def count(self, batch: JudgeBatch, report: MatchReport) -> None:
        """Counts one match that is decided or has failed."""
        judge = str(batch.judge)
        self.matches_held.dec()
        if report.failure is not None:
            self._failures.labels(judge).inc()
        for vote in report.votes:
            self._count_vote(judge, vote)

    def _count_vote(self, judge: str, vote: Vote) -> None:
        self._votes(judge, vote.verdict).inc()
        if vote.no_verdict is not None:
            self._no_verdicts.labels(vote.no_verdict).inc()
        self._prompt_tokens.inc(vote.prompt_tokens)
        self._cached_tokens.inc(vote.cached_tokens)
        self._completion_tokens.inc(vote.completion_tokens)
