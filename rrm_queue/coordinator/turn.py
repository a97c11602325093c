"""A turn of dispatch in one queue: what may be sent, and what is."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from rrm_queue.coordinator.batching import MOST_RECORDED, batch_size
from rrm_queue.coordinator.byte_budget import budget
from rrm_queue.coordinator.floors import Floors
from rrm_queue.coordinator.observer import QueueLoad
from rrm_queue.coordinator.window import MOST_SENT, window
from rrm_queue.domain import JobId, JudgeSpec, MatchId
from rrm_queue.domain.queues import is_online, online_queue
from rrm_queue.judging.kinds import kind_of
from rrm_queue.messages import JudgeBatch, QueueFacts, SharedMessage
from rrm_queue.store.queue.active_jobs import ListedJob


@dataclass(frozen=True, slots=True)
class Window:
    """A judge's queue to be filled: its broker's epoch, its places, and the most in a message.

    `online`: whether workers serve the queue of online jobs beside it. `tokens`: whether its
    batches get tokens, which workers of the version before do not send back. `sharing`: whether
    jobs may share messages. `models`: what each of its live workers judges with, empty where it is
    not known. `bytes`: how many bytes of messages may be out of it.
    """

    queue: str
    epoch: str
    places: int
    most: int
    online: bool
    tokens: bool
    sharing: bool
    models: Sequence[str]
    bytes: int
    floors: Floors

    @staticmethod
    def of(queue: str, epoch: str, facts: QueueFacts, floors: Floors) -> "Window":
        """The window of a queue with these workers."""
        capacities = facts.capacities.values()
        return Window(
            queue,
            epoch,
            window(capacities),
            batch_size(capacities, splitting=facts.sharing),
            online=facts.online,
            tokens=facts.capacities.keys() <= facts.models.keys(),
            sharing=facts.sharing,
            models=[facts.models.get(worker, "") for worker in facts.capacities],
            bytes=budget(facts.maxmemory),
            floors=floors,
        )

    def answering(self, judge: JudgeSpec) -> Set[str] | None:
        """What the live workers judge with; None where no worker lives or knows it beforehand.

        Nothing while a worker does not say it yet.
        """
        if not self.models or not kind_of(judge).needs_server:
            return None
        return set(self.models) if all(self.models) else set()

    def parts(self, jobs: Sequence[ListedJob]) -> Mapping[str, list[ListedJob]]:
        """The jobs by the queue that they are sent to, the online ones first.

        All in one where no worker serves the queue of online jobs: those are of the version before.
        """
        if not self.online:
            return {self.queue: list(jobs)}
        return {
            online_queue(self.queue): [job for job in jobs if is_online(job.priority)],
            self.queue: [job for job in jobs if not is_online(job.priority)],
        }


@dataclass(slots=True)
class Sent:
    """What was claimed of some jobs: messages, how many matches they hold, and what needs none.

    `claimed` holds how many matches of each job were claimed, `reused` how many votes each took
    from other jobs.
    """

    messages: list[JudgeBatch | SharedMessage] = field(default_factory=list)
    decided: dict[MatchId, JobId] = field(default_factory=dict)
    claimed: dict[JobId, int] = field(default_factory=dict)
    reused: Counter[JobId] = field(default_factory=Counter)
    matches: int = 0


@dataclass(slots=True)
class Turn:
    """What a turn sends, by queue, and the matches that are decided without being sent.

    `sent` is how many matches are in its messages. `cut`: whether places are left that jobs may
    fill at which it did not look.
    """

    messages: dict[str, list[JudgeBatch | SharedMessage]] = field(default_factory=dict)
    decided: dict[MatchId, JobId] = field(default_factory=dict)
    load: QueueLoad = field(default_factory=QueueLoad)
    sent: int = 0
    cut: bool = False

    def add(self, queue: str, sent: Sent) -> None:
        """Adds what was claimed for a queue."""
        self.messages.setdefault(queue, []).extend(sent.messages)
        self.decided |= sent.decided
        self.sent += sent.matches

    @property
    def matches(self) -> int:
        """How many matches it takes care of."""
        return self.sent + len(self.decided)

    def decided_groups(self) -> list[dict[MatchId, JobId]]:
        """The decided matches, each with its job, in groups for a transaction each."""
        all_of = list(self.decided.items())
        starts = range(0, len(all_of), MOST_RECORDED)
        return [dict(all_of[start : start + MOST_RECORDED]) for start in starts]

    @property
    def more(self) -> bool:
        """Whether another turn would find more to do at once.

        Decided matches may have successors, and a turn sends no more than so many matches of so
        many jobs.
        """
        return bool(self.decided) or self.matches >= MOST_SENT or (self.cut and self.sent > 0)
