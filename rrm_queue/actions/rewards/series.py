"""Groups without a name: the answers to one prompt, as a trainer sends them that names no group.

Successive groups of a prompt form a series. An answer joins the newest one while that gathers. Two
requests with the same text are two answers, for a model often says the same; but a request that
comes again because its connection was lost finds its old place. What tells them apart is whether a
place is `taken`: somebody waits for it now, or was given its reward.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from hashlib import blake2b
from threading import Lock

from msgspec.msgpack import encode

from rrm_queue.views.cohorts import CohortId, CohortState, CohortView

MOST_GIVEN = 100_000
"""Places of which it is remembered that their reward was given."""

Place = tuple[CohortId, int]


def series_name(prompt: str, reference: str | None, criteria: str | None, size: int) -> str:
    """The name of the groups of so many answers to this prompt."""
    content = encode((prompt, reference, criteria, size))
    return f"prompt:{blake2b(content, digest_size=12).hexdigest()}"


def place_in(
    newest: CohortView,
    there: Mapping[int, str],
    text: str,
    index: int | None,
    taken: Callable[[int], bool],
) -> int | None:
    """The place of an answer in the newest group of its series; None when it begins another one.

    `there` are the answers that have come, by place; `index` is the answer's place if it has one.
    """
    open_ = newest.state is CohortState.GATHERING and newest.left > 0
    same = [place for place, said in there.items() if said == text and index in (None, place)]
    lost = [place for place in same if not taken(place)]
    if lost:
        return lost[0]
    if index is not None and open_ and same:
        return index
    free = [place for place in range(newest.size) if place not in there and index in (None, place)]
    return free[0] if open_ and free else None


class Taken:
    """The places of groups that are waited for, or whose reward was given; it is thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: Counter[Place] = Counter()
        self._given: OrderedDict[Place, None] = OrderedDict()

    def __contains__(self, place: Place) -> bool:
        with self._lock:
            return place in self._waiting or place in self._given

    def begin(self, place: Place) -> None:
        """Somebody waits for the place."""
        with self._lock:
            self._waiting[place] += 1

    def end(self, place: Place, *, given: bool) -> None:
        """Somebody waits no longer; `given` when the reward was sent."""
        with self._lock:
            self._waiting[place] -= 1
            self._waiting += Counter()  # drops what nobody waits for
            if given:
                self._given[place] = None
                while len(self._given) > MOST_GIVEN:
                    self._given.popitem(last=False)
