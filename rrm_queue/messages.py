"""Everything that processes send to each other: versioned msgspec structs, encoded as msgpack.

Messages are self-contained, so that a worker needs no database. A struct's tag carries its
version: a process that meets a tag it does not know refuses the message instead of guessing.
"""

from typing import NamedTuple, TypeVar

import msgspec

from rrm_queue.domain import (
    BatchId,
    JobId,
    JudgeSpec,
    Vote,
    Voting,
)
from rrm_queue.errors import MessageRefused, UnknownVersion


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A candidate: each text is in a batch once; `gold` is sent to simulated judges only."""

    number: int
    key: str
    text: str
    gold: float | None = None


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tournament's texts; `tournament` is the prompt's id in the file.

    `criteria` are the prompt's own, in place of the judge's.
    """

    tournament: str
    prompt: str
    reference: str | None
    answers: list[Answer]
    criteria: str | None = None


class BatchMatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A match: its pair by the candidates' numbers; `first` is in slot 1 of its odd votes.

    `question` is the index of its question in the batch. `votes` are the votes that it has
    already, without their texts; they are not cast again. `meeting` counts how often the pair has
    met: the votes of each meeting have seeds of their own.
    """

    match: int
    first: int
    second: int
    question: int = 0
    votes: list[Vote] = []
    meeting: int = 1


class JudgeBatch(msgspec.Struct, frozen=True, omit_defaults=True, tag="rrmq.judge-batch.2"):
    """Matches of one job for one worker, ordered by tournament; `seed` is the job's seed.

    `token` is a secret of this batch that its outcomes bring back; empty in a batch of a
    coordinator of the version before. `linger` is how many seconds its outcomes may wait for
    others before they are sent: more than nothing where no other match depends on them.
    """

    batch: int
    job: str
    judge: JudgeSpec
    questions: list[Question]
    matches: list[BatchMatch]
    voting: Voting
    seed: int
    token: str = ""
    linger: float = 0.0

    def outcomes(self, worker: str, reports: list["MatchReport"]) -> "Outcomes":
        """The outcomes of matches of this batch, as `worker` sends them."""
        return Outcomes(self.batch, self.job, worker, reports, self.token)


class SharedMessage(msgspec.Struct, frozen=True, tag="rrmq.judge-batch.3"):
    """Batches of small jobs with one judge that travel together. Each is a batch of its own.

    A worker of the version before does not know this tag and leaves the message in its queue; while
    one lives, none is sent.
    """

    batches: list[JudgeBatch]


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a match got no outcome; after a transient failure it is tried again.

    `refused` when the judge turns the whole job away: no match of it would fare better. `wait` is
    above 0 when the judge asked to wait: then it is no attempt, and the match may be tried again
    after so many seconds. `rejected` when the judge found fault with the request itself.
    `match_refused` when it refused this match alone, as too long or for what its texts say.
    """

    reason: str
    transient: bool
    refused: bool = False
    wait: float = 0.0
    rejected: bool = False
    match_refused: bool = False


class MatchReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of one match: the votes that this batch added, and a failure if there was one.

    If the votes do not suffice and there is no failure, judging was stopped; it continues later.
    """

    match: int
    votes: list[Vote]
    failure: Failure | None = None


class Outcomes(msgspec.Struct, frozen=True, omit_defaults=True, tag="rrmq.outcomes.1"):
    """Some matches that a worker has finished; a batch's outcomes come in several messages.

    `token` is the batch's; a worker of the version before sends none.
    """

    batch: int
    job: str
    worker: str
    matches: list[MatchReport]
    token: str = ""


class Flush(NamedTuple):
    """An `Outcomes` message in the inbox; `id` is unique within the batch."""

    job: JobId
    batch: BatchId
    id: str
    body: bytes


LARGEST = 64 * 2**20
"""Bytes of a message: twice the longest line of a file, hence more than any tournament's answers.

Reading takes a multiple of it in memory, in each of a worker's threads, and anyone who reaches the
broker can send anything.
"""

Message = TypeVar("Message", JudgeBatch, SharedMessage, Outcomes)

_encoder = msgspec.msgpack.Encoder()


def encode(message: JudgeBatch | SharedMessage | Outcomes) -> bytes:
    """The message's bytes."""
    return _encoder.encode(message)


def decode(body: bytes, kind: type[Message]) -> Message:
    """The message in `body`.

    Raises UnknownVersion when it is of another version, MessageRefused when it is of another kind,
    is damaged, or is no message.
    """
    if not isinstance(body, bytes) or len(body) > LARGEST:
        raise MessageRefused(f"it is no bytes or more than {LARGEST:,} of them")
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        found, spoken = _tag_of(body), str(kind.__struct_config__.tag)
        if found != spoken and found.rpartition(".")[0] == spoken.rpartition(".")[0]:
            raise UnknownVersion(f"it is {found}, spoken is {spoken}") from error
        raise MessageRefused(str(error)) from error


def decode_batches(body: bytes) -> list[JudgeBatch]:
    """The batches of a message to workers, one or several. Raises as `decode` does."""
    if isinstance(body, bytes) and _tag_of(body) == SharedMessage.__struct_config__.tag:
        return decode(body, SharedMessage).batches
    return [decode(body, JudgeBatch)]


class _Tagged(msgspec.Struct):
    """What every message has, whatever its version."""

    type: str


def _tag_of(body: bytes) -> str:
    """The message's tag; empty if it has none."""
    try:
        return msgspec.msgpack.decode(body, type=_Tagged).type
    except (msgspec.DecodeError, RecursionError):
        return ""


OVER = "over"
"""The value of a lease after its batch has ended; before, it is the holder's id."""

RETURNED = "returned"
"""The value after a worker has returned the batch."""

BROKEN = "broken"
"""The value after the engine died while it ran the batch, perhaps because of it."""

MARKS = frozenset({OVER, RETURNED, BROKEN})

ENDED = "ended"
"""What stands in place of a holder whose process is known to have ended; never in Redis."""


class Holder(NamedTuple):
    """Who holds a batch: a worker's id, or one of these marks in its place.

    `since` is how long ago a mark was set, in seconds.
    """

    name: str
    since: float = 0.0


class QueueFacts(NamedTuple):
    """What the broker knows of a queue: its live workers, and how much memory it has.

    `capacities`: how many matches each live worker can hold at once. `models`: what workers judge
    with, as far as they say it, empty for not known; a worker of the version before is not among
    them, and some may have gone. `online`: whether a live worker serves the queue of online
    jobs beside it. `maxmemory`: bytes that the broker may use, 0 for no limit. `sharing`: whether
    every live worker reads messages that several jobs share, and returns what it has no room for.
    `unseeded`: how many live workers have an engine that ignores the seeds of votes.
    """

    capacities: dict[str, int]
    models: dict[str, str]
    online: bool = False
    maxmemory: int = 0
    sharing: bool = False
    unseeded: int = 0


class Epoch(NamedTuple):
    """The time between two losses of the broker's data: a random word, and its age in seconds."""

    word: str
    age: float
