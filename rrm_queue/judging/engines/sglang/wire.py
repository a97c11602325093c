"""What goes to and comes from SGLang's native HTTP API, without the network.

As of SGLang 0.5.15 to 0.5.23: https://docs.sglang.io/basic_usage/native_api.html
"""

from collections.abc import Iterator
from math import ceil
from typing import Any

import msgspec

from rrm_queue.domain import JudgeSpec, Vote
from rrm_queue.errors import JudgeBusy, JudgeFault, PermanentFault, RequestRejected, TransientFault
from rrm_queue.judging import bounds
from rrm_queue.judging.bounds import whole
from rrm_queue.judging.engines.http_errors import error_text
from rrm_queue.judging.engines.sglang.logprobs import ASKED, tokens_of
from rrm_queue.judging.probability import sureness
from rrm_queue.judging.verdict import verdict_of
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.seeds import derive

AHEAD = 1.25
"""Requests sent for each that the engine can compute at once, so that its queue never empties."""

_TOKENS_A_CHUNK = 256
"""Each chunk repeats the text so far, so there are few; the first token has a chunk of its own."""

_TOKENS_WITH_LOGPROBS = 4096
"""The same where each chunk also repeats some 300 bytes a token."""

_WORTH_ANOTHER_TRY = {408, 425}
_BUSY = {429, 503}
_REJECTED = {400, 422}


class Load(msgspec.Struct, frozen=True):
    """One scheduler's load; `token_usage` is the share of its cache in use."""

    num_running_reqs: int = 0
    num_waiting_reqs: int = 0
    num_used_tokens: int = 0
    token_usage: float = 0.0
    gen_throughput: float = 0.0
    max_running_requests: int = 0


class Loads(msgspec.Struct, frozen=True):
    """The loads of an engine's schedulers: one, or as many as it is data-parallel."""

    loads: list[Load]

    @property
    def running(self) -> int:
        """Requests that are being computed."""
        return sum(load.num_running_reqs for load in self.loads)

    @property
    def waiting(self) -> int:
        """Requests in the engine's own queue."""
        return sum(load.num_waiting_reqs for load in self.loads)

    @property
    def capacity(self) -> int:
        """Requests that can be computed at once."""
        return sum(load.max_running_requests for load in self.loads)

    @property
    def useful(self) -> int:
        """Requests that are worth sending at once; 0 where the engine does not say its limit."""
        return ceil(self.capacity * AHEAD)


class ModelInfo(msgspec.Struct, frozen=True):
    """What an engine says of its model, as it is after weights were replaced."""

    model_path: str
    weight_version: str | None = None


class ServerInfo(msgspec.Struct, frozen=True):
    """What an engine says of itself; a prompt must be shorter than `max_req_input_len`.

    `max_total_num_tokens` is the size of its cache, which a prompt and its text must fit into too.
    Since SGLang 0.5.23 the model here is the one that the engine was started with: see `serving`.
    """

    version: str
    max_req_input_len: int
    max_total_num_tokens: int
    incremental_streaming_output: bool = False
    tokenizer_path: str = ""
    model_path: str = ""
    revision: str | None = None
    weight_version: str | None = None
    enable_deterministic_inference: bool | None = None

    @property
    def ignores_seeds(self) -> bool:
        """Whether a request's seed is known to have no effect on its text.

        SGLang samples by it only with deterministic inference (`SamplingBatchInfo`).
        """
        return self.enable_deterministic_inference is False

    def serving(self, model: ModelInfo) -> "ServerInfo":
        """The same engine with the model that it serves now."""
        return msgspec.structs.replace(
            self, model_path=model.model_path, weight_version=model.weight_version
        )

    def answering(self, judge: str, weights: object = None) -> str:
        """What gives the votes of `judge`: the engine's version and the checkpoint.

        The checkpoint by the last part of its path and a digest of its path, revision and weights'
        version: a path may tell too much, and two checkpoints must not be taken for one. `weights`
        is the version that a text names as its own, which may be newer than this.
        """
        weights = weights if isinstance(weights, str) else self.weight_version
        which = (self.model_path, self.revision, weights)
        digest = f"{derive(*(part or '' for part in which)):016x}"[-8:]
        name = self.model_path.rstrip("/").rpartition("/")[2]
        return f"{judge} (sglang {self.version}, {name} {digest})"

    def room(self, prompt_tokens: int) -> int:
        """How many tokens can follow such a prompt; 0 or less when it is too long itself.

        A prompt's own bound leaves the engine a margin of a few tokens, and so does this.
        """
        return min(self.max_req_input_len, self.max_total_num_tokens) - prompt_tokens


class Tokens(msgspec.Struct, frozen=True):
    """A prompt's token ids, with the chat template applied."""

    tokens: list[int]


class Text(msgspec.Struct, frozen=True):
    """The text of token ids."""

    text: str


class _IdsOfChoice(msgspec.Struct, frozen=True):
    prompt_token_ids: list[int]


class ChatIds(msgspec.Struct, frozen=True):
    """A chat completion that was asked for its prompt's token ids."""

    choices: list[_IdsOfChoice]

    @property
    def tokens(self) -> list[int]:
        """The token ids."""
        return self.choices[0].prompt_token_ids if self.choices else []


class Prompt(msgspec.Struct, frozen=True):
    """A prompt's token ids as they are sent, and what prompts may share of them.

    Counted in tokens: all of it, up to the end of the query, up to the end of the slot-1 answer.
    `sanitized` when a text in it was changed.
    """

    input_ids: msgspec.Raw
    tokens: int
    query_tokens: int
    slot_tokens: int
    sanitized: bool


class FinishReason(msgspec.Struct, frozen=True):
    """Why a text ended: `stop`, `length`, or `abort` with the reason and the status of an error."""

    type: str
    message: str | None = None
    status_code: int | None = None


class MetaInfo(msgspec.Struct, frozen=True):
    """The figures that come with a text; `finish_reason` is None until it has ended.

    An odd figure must not cost the text: see `judging.bounds`.
    """

    finish_reason: FinishReason | None = None
    prompt_tokens: Any = 0
    completion_tokens: Any = 0
    cached_tokens: Any = 0
    queue_time: Any = None
    weight_version: Any = None
    output_token_logprobs: Any = None
    output_top_logprobs: Any = None


class Generation(msgspec.Struct, frozen=True):
    """A text so far."""

    text: str
    meta_info: MetaInfo


def payload_of(request: VoteRequest, prompt: Prompt, *, rid: str, room: int) -> dict[str, Any]:
    """The body of the request for one text of at most the vote's budget and of `room` tokens.

    The judge's own fields are sampling parameters here, such as `top_k`.
    """
    judge = request.judge
    budget = room if "max_tokens" in judge.omit else min(request.budget, room)
    sampling: dict[str, Any] = {
        "temperature": judge.temperature,
        "top_p": judge.top_p,
        "max_new_tokens": budget,
        "sampling_seed": request.seed,
        "stream_interval": _TOKENS_WITH_LOGPROBS if judge.logprobs else _TOKENS_A_CHUNK,
    }
    if judge.regex is not None:
        sampling["regex"] = judge.regex
    left_out = {"sampling_seed" if name == "seed" else name for name in judge.omit}
    payload = {
        "rid": rid,
        "input_ids": prompt.input_ids,
        "sampling_params": judge.extra | {k: v for k, v in sampling.items() if k not in left_out},
        "stream": True,
    }
    return payload | ASKED if judge.logprobs else payload


def vote_of(
    request: VoteRequest,
    prompt: Prompt,
    generation: Generation,
    *,
    model: str,
    seconds: float,
    thinks: bool,
) -> Vote:
    """The vote in a text; `thinks` as in `thinking.thinks`."""
    meta = generation.meta_info
    finished = meta.finish_reason is not None and meta.finish_reason.type == "stop"
    parsed = verdict_of(request.judge, generation.text, finished=finished, thinks=thinks)
    return Vote(
        number=request.number,
        verdict=parsed.verdict,
        swapped=request.swapped,
        no_verdict=parsed.no_verdict,
        margin=parsed.margin,
        text=bounds.clean(generation.text, bounds.LONGEST_TEXT),
        seed=request.seed,
        model=model,
        prompt_tokens=whole(meta.prompt_tokens),
        cached_tokens=whole(meta.cached_tokens),
        completion_tokens=whole(meta.completion_tokens),
        seconds=seconds,
        queue_seconds=bounds.seconds(meta.queue_time),
        query_tokens=prompt.query_tokens,
        slot_tokens=prompt.slot_tokens,
        neutralised=prompt.sanitized,
        probability=_probability(request.judge, generation),
    )


def _probability(judge: JudgeSpec, generation: Generation) -> float | None:
    if not judge.logprobs:
        return None
    meta = generation.meta_info
    tokens = tokens_of(meta.output_token_logprobs, meta.output_top_logprobs)
    return sureness(judge, tokens, generation.text)


def fault_of(status: int, words: str) -> JudgeFault:
    """What an answer of this HTTP status means, in the engine's own words.

    Unlike an endpoint's, an engine's address is the worker's own: no status is a reason to stop the
    job.
    """
    detail = f"the engine answered {status}: {error_text(words.encode(errors='replace'))}"
    if status in _BUSY:
        return JudgeBusy(detail)
    if status in _REJECTED:
        return RequestRejected(detail)
    if 400 <= status < 500 and status not in _WORTH_ANOTHER_TRY:
        return PermanentFault(detail)
    return TransientFault(detail)


def shared_length(one: list[int], two: list[int]) -> int:
    """How many tokens two prompts have in common from their start."""
    return next(_differing(one, two), min(len(one), len(two)))


def _differing(one: list[int], two: list[int]) -> Iterator[int]:
    return (at for at, (mine, other) in enumerate(zip(one, two, strict=False)) if mine != other)
