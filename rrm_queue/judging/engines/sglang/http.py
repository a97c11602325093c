"""An SGLang server over HTTP: its limits, its loads, token ids, texts and aborts."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import aiohttp
import msgspec

from rrm_queue.errors import (
    JudgeBusy,
    JudgeFault,
    JudgeUnreachable,
    PermanentFault,
    TransientFault,
)
from rrm_queue.judging.dialects.thinking import left_open
from rrm_queue.judging.engines.http_errors import error_text
from rrm_queue.judging.engines.sglang.stream import Stream
from rrm_queue.judging.engines.sglang.wire import (
    ChatIds,
    Generation,
    Loads,
    ModelInfo,
    ServerInfo,
    Text,
    Tokens,
    fault_of,
)
from rrm_queue.log_once import log_once

log = logging.getLogger(__name__)

Body = TypeVar("Body")

_IDLE_SECONDS = 4
"""The server closes a connection that was idle for 5 s; a request must not meet that."""

_SHORT_CHAT = [{"role": "user", "content": "?"}]
_TAIL = 16
"""The last tokens of a prompt, in which a chat template says how the answer begins."""

_ANSWER_SECONDS = 120
_QUEUE_SECONDS = 3600
"""How long a completion of one token may take: it waits in the server's queue like a text."""

_LONGEST_BODY = 64 * 1024 * 1024
_LONGEST_REFUSAL = 65_536
_ABORT_SECONDS = 5


class ServerLost(JudgeUnreachable):
    """The judge could not be reached."""


class SglangServer:
    """One server at `url`; belongs to one event loop.

    A text has no time limit: a server under load may need hours for its queue. A text is given up
    when nothing of it came for `silence` seconds and the server made no other progress. A hung
    server may still answer `/health` with 200. Other answers must come
    within `silence` seconds, and within two minutes.
    """

    def __init__(self, url: str, *, silence: float = 1200, connect_seconds: float = 10) -> None:
        self.url = url.rstrip("/")
        self._silence = silence
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._chunks = 0
        self._aborts: set[asyncio.Task[None]] = set()

    async def info(self) -> ServerInfo:
        """What the server says of itself, and of the model that it serves now."""
        info, model = await asyncio.gather(
            self._answer("GET", "/server_info", ServerInfo), self._model()
        )
        return info if model is None else info.serving(model)

    async def _model(self) -> ModelInfo | None:
        """What the server says of its model; None where it has no such page."""
        try:
            return await self._answer("GET", "/model_info", ModelInfo)
        except PermanentFault:
            return None

    async def loads(self) -> Loads:
        """The server's load."""
        return await self._answer("GET", "/v1/loads?include=core", Loads)

    async def tokens(self, messages: object) -> list[int]:
        """The token ids of a chat with the model's own template, ready to be continued."""
        chat = {"messages": messages}
        return (await self._answer("POST", "/tokenize", Tokens, chat)).tokens

    async def tokenizes(self) -> bool:
        """Whether the server answers `tokens`.

        SGLang 0.5.15 answers 500 where the tokenizer's `model_max_length` is the huge default of
        many fine-tuned models, any version 400 where it is written as `1e30`, and a router may not
        have the page. Raises a JudgeFault when the server is away or busy.
        """
        try:
            await self.tokens(_SHORT_CHAT)
        except (JudgeUnreachable, JudgeBusy):
            raise
        except JudgeFault as fault:
            said = "%s: token ids come from chat completions, as /tokenize fails: %s"
            log_once(log, logging.WARNING, said, self.url, fault.detail)
            return False
        return True

    async def tokens_by_chat(self, messages: object) -> list[int]:
        """The same ids, from a chat completion of one token: it computes the whole prompt."""
        chat = {
            "model": "default",
            "messages": messages,
            "max_tokens": 1,
            "return_prompt_token_ids": True,
        }
        path = "/v1/chat/completions"
        return (await self._answer("POST", path, ChatIds, chat, seconds=_QUEUE_SECONDS)).tokens

    async def opens_thinking(self, *, by_chat: bool) -> bool:
        """Whether the model's chat template begins an answer inside its reasoning.

        False where the server does not turn token ids into text. Raises a JudgeFault when it is
        away or busy.
        """
        tokens = self.tokens_by_chat if by_chat else self.tokens
        tail = {"tokens": (await tokens(_SHORT_CHAT))[-_TAIL:], "skip_special_tokens": False}
        try:
            return left_open((await self._answer("POST", "/detokenize", Text, tail)).text)
        except (JudgeUnreachable, JudgeBusy):
            raise
        except JudgeFault as fault:
            said = "%s: whether its chat template begins with reasoning is not known: %s"
            log_once(log, logging.INFO, said, self.url, fault.detail)
            return False

    async def generate(
        self, payload: Mapping[str, Any], *, incremental: bool, arrived: Callable[[], None]
    ) -> Generation:
        """The text of one request; `arrived` is called whenever more of it has come.

        Aborted on the server when it is cancelled or given up. Raises a JudgeFault when it fails.
        """
        text = asyncio.create_task(self._read(payload, Stream(incremental=incremental), arrived))
        try:
            return await self._guarded(text)
        finally:
            if not text.done():
                text.cancel()
                await self._abort(payload["rid"])

    async def close(self) -> None:
        """Ends the connections, once the aborts under way are sent."""
        await asyncio.gather(*self._aborts)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _answer(
        self,
        method: str,
        path: str,
        kind: type[Body],
        content: object = None,
        *,
        seconds: float | None = None,
    ) -> Body:
        """A short answer, read to its end; `seconds` where it may take longer than others."""
        body = bytearray()
        limit = min(self._silence, _ANSWER_SECONDS) if seconds is None else seconds
        try:
            async with asyncio.timeout(limit), self._send(method, path, content) as answer:
                async for data in answer.content.iter_any():
                    body += data
                    if len(body) > _LONGEST_BODY:
                        raise TransientFault(f"{self.url} answered more than {_LONGEST_BODY} bytes")
            return msgspec.json.decode(bytes(body), type=kind)
        except TimeoutError as error:
            raise ServerLost(f"{self.url} did not answer within {limit:g} s") from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TransientFault(
                f"{self.url} answered {path} with {error_text(bytes(body))}"
            ) from error

    async def _read(
        self, payload: Mapping[str, Any], stream: Stream, arrived: Callable[[], None]
    ) -> Generation:
        async with self._send("POST", "/generate", payload) as response:
            async for data in response.content.iter_any():
                if stream.feed(data):
                    self._chunks += 1
                    arrived()
        return stream.end()

    async def _guarded(self, text: asyncio.Task[Generation]) -> Generation:
        """The text. Raises ServerLost when the server makes no progress.

        A request in the server's queue receives nothing while others run. So waiting counts only
        when no other text grew and the server's loads stayed the same.
        """
        before: tuple[int, Loads] | None = None
        while not (await asyncio.wait({text}, timeout=self._silence))[0]:
            now = (self._chunks, await self.loads())
            if now == before:
                raise ServerLost(f"{self.url} makes no progress")
            before = now
        return text.result()

    @asynccontextmanager
    async def _send(
        self, method: str, path: str, content: object = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A good answer's head; raises a JudgeFault for any other and for a lost connection."""
        try:
            async with self._open().request(
                method, f"{self.url}{path}", data=_body(content), allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise await _refusal(response)
                yield response
        except aiohttp.InvalidURL as error:
            raise PermanentFault(f"{self.url} is not an address") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise ServerLost(f"{self.url} did not accept a connection in time") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise ServerLost(f"{self.url}: {error or type(error).__name__}") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # no limit here: the engine limits its requests to what the server can use
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS)
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=self._timeout,
                headers={"Content-Type": "application/json"},
            )
        return self._session

    async def _abort(self, rid: str) -> None:
        """Makes the server drop a request, even when the caller is cancelled meanwhile.

        The server drops every request whose id starts with this one, so all ids have one length.
        """
        abort = asyncio.create_task(self._send_abort(rid))
        self._aborts.add(abort)
        abort.add_done_callback(self._aborts.discard)
        await asyncio.shield(abort)

    async def _send_abort(self, rid: str) -> None:
        with suppress(JudgeFault, TimeoutError):  # a server that is gone has dropped it already
            async with (
                asyncio.timeout(_ABORT_SECONDS),
                self._send("POST", "/abort_request", {"rid": rid}),
            ):
                pass


def _body(content: object) -> bytes | None:
    try:
        return None if content is None else msgspec.json.encode(content)
    except UnicodeEncodeError as error:
        raise PermanentFault(
            "a text holds half a surrogate pair, which is not a character"
        ) from error


async def _refusal(response: aiohttp.ClientResponse) -> JudgeFault:
    words = await response.content.read(_LONGEST_REFUSAL)
    return fault_of(response.status, error_text(words))
