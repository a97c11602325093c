"""Prompts as an SGLang server reads them: token ids, and how much of them prompts may share."""

from dataclasses import replace
from hashlib import blake2b

import msgspec

from rrm_queue.judging.engines.sglang.http import SglangServer
from rrm_queue.judging.engines.sglang.prefix_gate import Prefix
from rrm_queue.judging.engines.sglang.wire import Prompt, shared_length
from rrm_queue.judging.engines.single_flight import SingleFlightCache
from rrm_queue.judging.prompt import Rendered, messages
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer

_PROMPTS = 1024
_LENGTHS = 65_536


class Prompts:
    """Has the server tokenise each prompt once, however many votes use it.

    `control_tokens` are the tokenizer's own; they are broken in every text, like the known ones.

    Where the query ends is measured once for each tournament, where the answer in slot 1 ends once
    for each such answer: by comparing with a prompt that has another text from there on. With
    `by_chat` the server does not tokenise, and must compute a prompt to tell its ids: then these
    lengths are not known, and 0.
    """

    def __init__(
        self, server: SglangServer, control_tokens: frozenset[str], *, by_chat: bool = False
    ) -> None:
        self._server = server
        self.by_chat = by_chat
        self._control_tokens = control_tokens
        self._prompts: SingleFlightCache[Prefix, Prompt] = SingleFlightCache(_PROMPTS)
        self._lengths: SingleFlightCache[Prefix, int] = SingleFlightCache(_LENGTHS)

    async def get(self, request: VoteRequest, path: list[Prefix]) -> Prompt:
        """The prompt of a vote, whose path is `path_of(request)`."""
        return await self._prompts.get(path[-1], lambda: self._tokenise(request, path))

    async def _tokenise(self, request: VoteRequest, path: list[Prefix]) -> Prompt:
        _, query, slot, _ = path
        rendered = self._rendered(request)
        if self.by_chat:
            return _prompt(await self._server.tokens_by_chat(rendered.messages), rendered)
        ids = await self._server.tokens(rendered.messages)
        other_two = replace(request, two=_unlike(request.two))
        other_both = replace(other_two, one=_unlike(request.one))
        return _prompt(
            ids,
            rendered,
            query_tokens=await self._lengths.get(query, lambda: self._shared(ids, other_both)),
            slot_tokens=await self._lengths.get(slot, lambda: self._shared(ids, other_two)),
        )

    async def _shared(self, ids: list[int], other: VoteRequest) -> int:
        return shared_length(ids, await self._server.tokens(self._rendered(other).messages))

    def _rendered(self, request: VoteRequest) -> Rendered:
        return messages(
            request.judge,
            request.prompt,
            request.one.text,
            request.two.text,
            reference=request.reference,
            criteria=request.criteria,
            control_tokens=self._control_tokens,
        )


def _prompt(
    ids: list[int], rendered: Rendered, *, query_tokens: int = 0, slot_tokens: int = 0
) -> Prompt:
    return Prompt(
        input_ids=msgspec.Raw(msgspec.json.encode(ids)),
        tokens=len(ids),
        query_tokens=query_tokens,
        slot_tokens=slot_tokens,
        sanitized=rendered.sanitized,
    )


def path_of(request: VoteRequest) -> list[Prefix]:
    """The prompt's prefixes, the shortest first: instructions, query, slot-1 answer, all of it."""
    digest = blake2b(digest_size=16)
    path = []
    query = repr((request.prompt, request.reference, request.criteria or request.judge.criteria))
    for part in (request.judge.template or "", query, request.one.text, request.two.text):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
        path.append(digest.digest())
    return path


def _unlike(answer: Answer) -> Answer:
    """An answer that shares no beginning with this one."""
    return Answer(answer.number, answer.key, "0" if answer.text.startswith("#") else "#")
