"""The content of a vote: what makes two votes the same, so that none is paid for twice."""

from hashlib import blake2b
from uuid import UUID

import msgspec

from rrm_queue.domain import JudgeSpec
from rrm_queue.judging.vote_request import VoteRequest

_encoder = msgspec.msgpack.Encoder()


def vote_key(request: VoteRequest, resamples: int) -> UUID:
    """The key of a vote's content: judge and settings, question, answers in order, seed.

    The seed holds the vote's number and the job's seed: a job with another seed gets votes of its
    own. `resamples` belongs to it, as it decides which votes stay without a verdict. 128 bits, so
    that no two contents of any fleet's lifetime share a key.
    """
    judge, reference = _judge(request.judge), request.reference if request.judge.template else None
    content = (
        judge,
        resamples,
        request.prompt,
        reference,
        request.one.text,
        request.two.text,
        request.seed,
    )
    return UUID(bytes=blake2b(_encoder.encode(content), digest_size=16).digest())


def _judge(judge: JudgeSpec) -> bytes:
    return _encoder.encode(judge)
