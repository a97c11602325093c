"""Everything that crosses a process: versioned msgspec structs, msgpack on the wire.

Messages are self-contained, so that a worker needs no database. A struct's tag carries its
version: a process that meets a tag it does not know refuses the message instead of guessing.
"""

from typing import NamedTuple, TypeVar
from uuid import UUID

import msgspec

from rrm_queue.domain import BatchId, JobId, Launch, NoVerdict, OnNoVerdict, Order, Stop, Verdict
from rrm_queue.errors import MessageRefused, UnknownVersion


class JudgeSpec(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which judge, and how it is asked: `kind[:argument]`, then sampling settings of text judges.

    `base_url` is for OpenAI-compatible endpoints; a key never travels. `template` is the source of
    a prompt template that takes the place of RRM's, `regex` what the model's text is held to.
    """

    kind: str
    argument: str = ""
    base_url: str | None = None
    temperature: float = 0.6
    top_p: float = 1.0
    max_tokens: int = 8192
    regex: str | None = None
    template: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


class Voting(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a match is voted on; `lead` is the lead that `Stop.LEAD` stops at.

    `resamples` is how often a vote without a verdict is asked for again.
    """

    votes: int = 1
    order: Order = Order.BALANCED
    launch: Launch = Launch.WAVES
    stop: Stop = Stop.DECIDED
    lead: int = 0
    on_no_verdict: OnNoVerdict = OnNoVerdict.ABSTAIN
    resamples: int = 2


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A candidate as it travels: each text once a batch; `gold` only to simulated judges."""

    number: int
    key: str
    text: str
    gold: float | None = None


class Vote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sampled judgement; `swapped` when the match's second candidate was shown first.

    Tokens and seconds are 0 for judges that generate nothing; they add up the `samples` requests
    that the vote took. `query_tokens` is how long the prompt is up to the end of the query,
    `slot_tokens` up to the end of the answer in slot 1: what prompts may share. `neutralised` when
    control tokens or forged headings in a text were made harmless. `key` is the vote's content's,
    for judges whose votes are paid for (see `judging.content`).
    """

    number: int
    verdict: Verdict
    swapped: bool = False
    no_verdict: NoVerdict | None = None
    text: str = ""
    seed: int = 0
    model: str = ""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    queue_seconds: float = 0.0
    query_tokens: int = 0
    slot_tokens: int = 0
    samples: int = 1
    neutralised: bool = False
    key: UUID | None = None


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

    `refused` when the judge turns the whole job away: no match of it would fare better.
    """

    reason: str
    transient: bool
    refused: bool = False


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
