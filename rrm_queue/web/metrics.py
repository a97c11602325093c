"""What a server tells Prometheus of its requests."""

from prometheus_client import generate_latest

from rrm_queue.metrics import Registry

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics(Registry):
    """One server's numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._requests = self.counter(
            "http_requests", "Requests by route and status.", "method", "route", "status"
        )
        self._seconds = self.histogram(
            "http_request_seconds", "From a request to its whole response.", _SECONDS
        )
        self._in_flight = self.gauge("http_requests_in_flight", "Requests that are worked on.")

    def begin(self) -> None:
        """A request has come."""
        self._in_flight.inc()

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """Its response is whole, or nobody wants it any more."""
        self._in_flight.dec()
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.observe(seconds)

    def text(self) -> bytes:
        """The numbers as Prometheus reads them."""
        return generate_latest(self.registry)
