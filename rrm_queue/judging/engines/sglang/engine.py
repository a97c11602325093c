"""The judge on an SGLang server: votes that share what can be shared of their prompts."""

import asyncio
import logging
from functools import partial
from time import perf_counter
from uuid import uuid4

from rrm_queue.domain import Vote
from rrm_queue.errors import MatchRefused, PermanentFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.sglang.http import ServerLost, SglangServer
from rrm_queue.judging.engines.sglang.prefix_gate import PrefixGate, Turn
from rrm_queue.judging.engines.sglang.prompts import Prompts, path_of
from rrm_queue.judging.engines.sglang.thinking import thinks
from rrm_queue.judging.engines.sglang.tokenizer_file import control_tokens
from rrm_queue.judging.engines.sglang.wire import (
    Loads,
    Prompt,
    ServerInfo,
    payload_of,
    vote_of,
)
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.log_once import log_once

log = logging.getLogger(__name__)

_LEAST_ROOM = 128
"""Tokens that must remain for the judge's text, unless its own budget is smaller."""


class _Session:
    """What is known of a server while it answers; a new session assumes an empty cache.

    `opened`: the chat template begins an answer inside its reasoning.
    """

    def __init__(self, info: ServerInfo, loads: Loads, prompts: Prompts, *, opened: bool) -> None:
        self.info = info
        self.opened = opened
        self.prompts = prompts
        self.gate = PrefixGate()
        self.slots = asyncio.Semaphore(max(1, loads.useful))
        self.ended = False


def open_engine(settings: EngineSettings) -> "SglangEngine":
    """The engine on a machine with these settings."""
    return SglangEngine(settings)


class SglangEngine:
    """Sends requests to the server at `sglang_url`, no more at once than it can use.

    With `share_prefixes` a request whose prompt begins as another's does waits until the server
    has computed that beginning once.
    """

    caps_itself = True

    def __init__(
        self, settings: EngineSettings, *, silence: float = 1200, connect_seconds: float = 10
    ) -> None:
        if not settings.sglang_url:
            raise PermanentFault("this worker has no SGLang server")
        self._server = SglangServer(
            settings.sglang_url, silence=silence, connect_seconds=connect_seconds
        )
        self._share = settings.share_prefixes
        self._notes = settings.notes
        self._hub_cache = settings.hub_cache
        self._session: _Session | None = None
        self._opening = asyncio.Lock()

    async def vote(self, request: VoteRequest) -> Vote:
        """The vote in the judge's text, its reasoning included."""
        session = await self._open_session()
        try:
            return await self._vote(session, request)
        except ServerLost:
            session.ended = (
                True  # the next answer may come from another server, with an empty cache
            )
            raise

    async def loads(self) -> Loads:
        """The server's load."""
        return await self._server.loads()

    async def close(self) -> None:
        """Ends the connections."""
        await self._server.close()

    async def _open_session(self) -> _Session:
        """The present session, or a new one."""
        async with self._opening:
            if self._session is None or self._session.ended:
                info, loads = await asyncio.gather(self._server.info(), self._server.loads())
                control = control_tokens(info.tokenizer_path, self._hub_cache)
                by_chat = not await self._server.tokenizes()
                opened = await self._server.opens_thinking(by_chat=by_chat)
                prompts = Prompts(self._server, control, by_chat=by_chat)
                self._session = _Session(info, loads, prompts, opened=opened)
            return self._session

    async def _vote(self, session: _Session, request: VoteRequest) -> Vote:
        path = path_of(request)
        known = None if session.prompts.by_chat else await session.prompts.get(request, path)
        async with session.gate.turn(path if self._share else ()) as turn, session.slots:
            if session.ended:
                raise ServerLost(f"{self._server.url} stopped answering")
            began = perf_counter()
            # By chat the prompt is computed here: of those that share a prefix the first alone.
            prompt = known or await session.prompts.get(request, path)
            room = _room(session.info, request, prompt)
            self._say_room(session.info, request, room)
            payload = payload_of(request, prompt, rid=uuid4().hex, room=room)
            request.progress.sent(asyncio.get_running_loop().time())
            generation = await self._server.generate(
                payload,
                incremental=session.info.incremental_streaming_output,
                arrived=partial(_arrived, session.gate, turn, request),
            )
        return vote_of(
            request,
            prompt,
            generation,
            model=session.info.answering(
                request.judge.argument, generation.meta_info.weight_version
            ),
            seconds=perf_counter() - began,
            thinks=thinks(request.judge, opened=session.opened),
        )

    def _say_room(self, info: ServerInfo, request: VoteRequest, room: int) -> None:
        """Tells once when the context leaves less for an answer than the judge's own budget."""
        if room < request.judge.max_tokens:
            said = f"answers have what the prompt leaves of {info.room(0):,} tokens"
            judge = str(request.judge)
            log_once(log, logging.WARNING, "%s at %s: %s", judge, self._server.url, said)
            self._notes.say(request.judge, said)


def _arrived(gate: PrefixGate, turn: Turn, request: VoteRequest) -> None:
    gate.arrived(turn)
    request.progress.arrived()


def _room(info: ServerInfo, request: VoteRequest, prompt: Prompt) -> int:
    """Tokens left for the judge's text. Raises MatchRefused when they are too few."""
    room = info.room(prompt.tokens)
    if room < min(request.budget, _LEAST_ROOM):
        raise MatchRefused(
            f"the prompt has {prompt.tokens} tokens, the model's context {info.room(0)}"
        )
    return room
