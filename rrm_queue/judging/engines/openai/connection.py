"""HTTP to OpenAI-compatible endpoints: this machine's key, headers and proxies, kept secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # no stub

import aiohttp
import msgspec

from rrm_queue.errors import JudgeUnreachable, PermanentFault, TransientFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.http_errors import stated_status

_SHORTEST_SECRET = 8  # characters
_LONGEST_BODY = 16 * 1024 * 1024
_JSON = {"Content-Type": "application/json"}
_LOOPBACK = ("localhost", "127.", "::1")


class Answer(NamedTuple):
    """An endpoint's answer: the status is that of an error in the body, where there is one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    origin: str


@dataclass(slots=True)
class Connection:
    """One pool of connections; the caller limits how many requests are in flight."""

    settings: EngineSettings
    timeout: aiohttp.ClientTimeout
    _session: aiohttp.ClientSession | None = field(default=None, init=False)

    async def post(self, base_url: str, payload: Mapping[str, Any]) -> Answer:
        """The answer to a chat completion's request. Raises a JudgeFault when there is none."""
        try:
            return await self._post(base_url, payload)
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
            raise kind(f"{base_url}: {said or type(error).__name__}") from None

    async def close(self) -> None:
        """Ends the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, base_url: str, payload: Mapping[str, Any]) -> Answer:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self.timeout)
        ours = self._is_ours(base_url)
        async with self._session.post(
            f"{base_url}/chat/completions",
            data=msgspec.json.encode(payload),
            headers=_JSON | (self._headers() if ours else {}),
            params=dict(self.settings.openai_query) if ours else {},
            proxy=proxy_of(base_url, self.settings.proxies),
            allow_redirects=False,
        ) as response:
            body = self._redacted(await _bounded(response))
            status = response.status if response.status != 200 else stated_status(body) or 200
            return Answer(status, response.headers, body, str(response.url.origin()))

    def _is_ours(self, base_url: str) -> bool:
        """Whether this is the configured address: one from a job never gets the secrets."""
        return base_url.rstrip("/") == self.settings.openai_base_url.rstrip("/")

    def _headers(self) -> dict[str, str]:
        """The key and the configured headers; one of these may stand in the key's place."""
        key, headers = self.settings.openai_key, dict(self.settings.openai_headers)
        if key and "authorization" not in map(str.lower, headers):
            headers["Authorization"] = f"Bearer {key}"
        return headers

    def _redacted(self, said: bytes) -> bytes:
        """What an endpoint said, without secrets: some endpoints repeat a request's headers.

        This comes before anything is cut or parsed: half of a key is a secret too, and what a vote
        holds is kept for ever. A short key is not a secret but a placeholder, such as EMPTY, for
        servers that want some key; a judge may write that word.
        """
        for secret in self.settings.secrets:
            if len(secret) >= _SHORTEST_SECRET:
                for form in (secret, secret.replace("/", "\\/")):
                    said = said.replace(form.encode(), b"***")
        return said


def proxy_of(url: str, proxies: Mapping[str, str]) -> str | None:
    """The proxy for a URL, by the environment's `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.

    This machine itself is always reached directly: a server of one's own is no business of a proxy.
    aiohttp's `trust_env` is not used: it would also send passwords of `~/.netrc`.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if host.startswith(_LOOPBACK) or proxy_bypass_environment(host, dict(proxies)):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


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
