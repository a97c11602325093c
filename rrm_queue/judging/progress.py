"""How far a request is: whether an engine has it, and whether it has begun to answer."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Progress:
    """One request's progress. `sent_at` is None while no engine has it, else a time in seconds."""

    sent_at: float | None = None
    began: bool = False

    def sent(self, now: float) -> None:
        """An engine has the request from now on."""
        self.sent_at, self.began = now, False

    def arrived(self) -> None:
        """The first of the answer has come."""
        self.began = True

    def over(self) -> None:
        """The engine has the request no more."""
        self.sent_at, self.began = None, False


def computed(progresses: Iterable[Progress], waiting: int | None) -> set[Progress]:
    """The requests that their engine computes, of which `waiting` are in the engine's own queue.

    An engine does not say which. Those that it has begun to answer are computed, then those that
    it has had for longest. If `waiting` is None, it is not known, and any may be computed.
    """
    sent = [(not p.began, p.sent_at, p) for p in progresses if p.sent_at is not None]
    sent.sort(key=lambda entry: entry[:2])
    return {progress for _, _, progress in sent[: max(0, len(sent) - (waiting or 0))]}
