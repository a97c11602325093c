"""The key of a vote: votes with equal keys are the same vote, so none is paid for twice."""

from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import structs

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.vote_request import VoteRequest

_encoder = msgspec.msgpack.Encoder()


PROMPT_VERSION = 2
"""Raised whenever the prompt's bytes change for some texts, as by another way of neutralising.

So votes that were paid for under other prompts are not used again. 1 had no number in the key.
"""


def vote_key(request: VoteRequest, resamples: int) -> UUID:
    """The key of a vote: a digest of judge and settings, question, answers in order, and seed.

    The seed depends on the vote's number and the job's seed, so a job with another seed gets votes
    of its own. `resamples` decides which votes stay without a verdict, so it is part of the key.
    With 128 bits, two different votes never share a key in practice.
    """
    judge, reference = _judge(request.judge), request.reference if request.judge.template else None
    parts: tuple[object, ...] = (
        PROMPT_VERSION,
        judge,
        resamples,
        request.prompt,
        reference,
        request.one.text,
        request.two.text,
        request.seed,
    )
    if request.criteria is not None:
        parts += (request.criteria,)
    return UUID(bytes=blake2b(_encoder.encode(parts), digest_size=16).digest())


def _judge(judge: JudgeSpec) -> bytes:
    """What of the judge makes a vote what it is: all but its name."""
    return _encoder.encode(structs.replace(judge, name=""))
