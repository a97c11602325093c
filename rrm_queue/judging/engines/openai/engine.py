"""The `openai:MODEL` judge: the RRM prompt at any OpenAI-compatible chat endpoint."""

from datetime import UTC, datetime
from time import perf_counter

import aiohttp

from rrm_queue.domain import Vote
from rrm_queue.errors import JudgeUnreachable, PermanentFault, TransientFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.http_errors import fault_of
from rrm_queue.judging.engines.openai.wire import payload_of, prompt_of, vote_of
from rrm_queue.judging.vote_request import VoteRequest

_SHORTEST_SECRET = 8  # characters
_LONGEST_BODY = 16 * 1024 * 1024


def open_engine(settings: EngineSettings) -> "OpenAIEngine":
    """The engine on a machine with these settings."""
    return OpenAIEngine(settings)


class OpenAIEngine:
    """Sends requests over one pool of connections; the caller limits how many are in flight."""

    caps_itself = False

    def __init__(
        self, settings: EngineSettings, *, total_seconds: float = 1800, connect_seconds: float = 10
    ) -> None:
        self._settings = settings
        self._timeout = aiohttp.ClientTimeout(total=total_seconds, sock_connect=connect_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def vote(self, request: VoteRequest) -> Vote:
        """The vote in the endpoint's completion, its reasoning included."""
        base_url = request.judge.base_url
        if not base_url:
            raise PermanentFault(f"judge {request.judge} has no base URL")
        prompt = prompt_of(request)
        began = perf_counter()
        try:
            body = await self._post(base_url, payload_of(request, prompt))
        except aiohttp.InvalidURL as error:
            raise PermanentFault(f"{base_url} is not an address") from error
        except aiohttp.ConnectionTimeoutError as error:
            raise JudgeUnreachable(f"{base_url} did not accept a connection in time") from error
        except TimeoutError as error:
            raise TransientFault(f"{base_url} did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            said = self._redacted(str(error).encode()).decode()
            unreached = isinstance(error, aiohttp.ClientConnectorError)
            kind = JudgeUnreachable if unreached else TransientFault
            raise kind(f"{base_url}: {said or type(error).__name__}") from error
        return vote_of(request, prompt, body, perf_counter() - began)

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, base_url: str, payload: dict[str, object]) -> bytes:
        """The body of a good answer; raises a JudgeFault for any other status."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        async with self._session.post(
            f"{base_url}/chat/completions",
            json=payload,
            headers=self._authorization(base_url),
            allow_redirects=False,
        ) as response:
            body = self._redacted(await _bounded(response))
            if response.status != 200:
                origin, now = str(response.url.origin()), datetime.now(UTC)
                raise fault_of(origin, response.status, response.headers, body, now)
            return body

    def _authorization(self, base_url: str) -> dict[str, str]:
        """The key, for the configured address only: an address from a job never gets it."""
        key = self._settings.openai_key
        belongs = base_url.rstrip("/") == self._settings.openai_base_url.rstrip("/")
        return {"Authorization": f"Bearer {key}"} if key and belongs else {}

    def _redacted(self, said: bytes) -> bytes:
        """What an endpoint said, without the key: some endpoints repeat a request's headers.

        This comes before anything is cut or parsed: half of a key is a secret too, and what a vote
        holds is kept for ever. A short key is not a secret but a placeholder, such as EMPTY, for
        servers that want some key; a judge may write that word.
        """
        key = self._settings.openai_key or ""
        if len(key) >= _SHORTEST_SECRET:
            for form in (key, key.replace("/", "\\/")):
                said = said.replace(form.encode(), b"***")
        return said


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    """The whole body; raises TransientFault when it does not end in time."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise TransientFault(
                f"{response.url.origin()} answered more than {_LONGEST_BODY} bytes"
            )
    return bytes(body)
