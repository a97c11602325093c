"""Everything that crosses a process: versioned msgspec structs, msgpack on the wire.

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
    """A candidate as it travels: each text once a batch; `gold` only to simulated judges."""

    number: int
    key: str
    text: str
    gold: float | None = None


class Question(msgspec.Struct, frozen=True):
    """What a tournament is about, as it travels; `tournament` is the file's id of the prompt."""

    tournament: str
    prompt: str
    reference: str | None
    answers: list[Answer]


class BatchMatch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A match as it travels: its pair by number, `first` in slot 1 of its odd votes.

    `question` is the place of its own in the batch. `votes` are those that it has already, without
    their texts: they are not cast again.
    """

    match: int
    first: int
    second: int
    question: int = 0
    votes: list[Vote] = []


class JudgeBatch(msgspec.Struct, frozen=True, tag="rrmq.judge-batch.2"):
    """Matches of one job for one worker, those of a tournament together; `seed` is the job's."""

    batch: int
    job: str
    judge: JudgeSpec
    questions: list[Question]
    matches: list[BatchMatch]
    voting: Voting
    seed: int


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a match got no outcome; a transient failure is worth another attempt.

    `refused` when the judge turns the whole job away: no match of it would fare better. `wait` is
    above 0 when the judge asked to wait: then it is no attempt, and the match may be tried again
    after so many seconds.
    """

    reason: str
    transient: bool
    refused: bool = False
    wait: float = 0.0


class MatchReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one match: the votes that this batch added, and a failure if there was one.

    Votes that do not suffice and no failure: the judging was stopped, and can go on from them.
    """

    match: int
    votes: list[Vote]
    failure: Failure | None = None


class Outcomes(msgspec.Struct, frozen=True, tag="rrmq.outcomes.1"):
    """A flush of matches that a worker is done with; a batch's outcomes come in several."""

    batch: int
    job: str
    worker: str
    matches: list[MatchReport]


class Flush(NamedTuple):
    """An `Outcomes` message as it lies in the inbox; `id` is its own within the batch."""

    job: JobId
    batch: BatchId
    id: str
    body: bytes


LARGEST = 64 * 2**20
"""Bytes of a message: twice the longest line of a file, hence more than any tournament's answers.

Reading takes a multiple of it in memory, in each of a worker's threads; whoever reaches the broker
can send anything.
"""

Message = TypeVar("Message", JudgeBatch, Outcomes)

_encoder = msgspec.msgpack.Encoder()


def encode(message: JudgeBatch | Outcomes) -> bytes:
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


class _Tagged(msgspec.Struct):
    """What every message has, whatever its version."""

    type: str


def _tag_of(body: bytes) -> str:
    """The tag that the message bears; empty where it bears none."""
    try:
        return msgspec.msgpack.decode(body, type=_Tagged).type
    except (msgspec.DecodeError, RecursionError):
        return ""


OVER = "over"
"""Stands in a lease's place, where else the holder's id stands, when its batch has ended."""

RETURNED = "returned"
"""Stands there when a worker has handed the batch back."""

BROKEN = "broken"
"""Stands there when the engine died under the batch, and may have died of it."""

MARKS = frozenset({OVER, RETURNED, BROKEN})


class Holder(NamedTuple):
    """What stands in a batch's lease's place: a worker's id, or one of these marks.

    `since` is for how long a mark has stood there, in seconds.
    """

    name: str
    since: float = 0.0


class Epoch(NamedTuple):
    """A broker's life between two losses of its data: a word of its own, and its age in seconds."""

    word: str
    age: float
