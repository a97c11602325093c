"""What every request passes: its name and token, its limits, its line in the log."""

import asyncio
import logging
import re
import secrets
import time
from base64 import b64decode
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rrm_queue.errors import Overloaded
from rrm_queue.web.access import READING, Right, cookie_name, sent_by_own_page
from rrm_queue.web.body import FORM, SENT_FORM, Body, body_limit, is_upload
from rrm_queue.web.pages.sign_in import sign_in_page
from rrm_queue.web.problems import Refused, is_for_a_page, problem, problem_of
from rrm_queue.web.responses import JSON
from rrm_queue.web.serving import Serving

log = logging.getLogger(__name__)

OPEN = frozenset({"/", "/docs", "/health", "/openapi.json", "/sign-in", "/sign-out"})
"""Paths that need no token; they say nothing of any job."""

ASSETS = "/assets/"
"""What the paths of the pages' styles and scripts begin with; they need no token."""

PREFIX = "/v1"
"""What the paths of all routes that need a token begin with, /metrics excepted."""

QUIET = frozenset({"/health", "/metrics"})
"""Paths that are asked for every few seconds, and are logged at level DEBUG."""

SEND_SILENCE = 60.0
"""Seconds for which a caller may take nothing of its response."""

CLOSED = 499
"""The status in the log of a request whose caller went away before its response began."""

SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every response that does not say otherwise."""

_ID = re.compile(r"[\w.-]{1,64}", re.ASCII)


class Gate:
    """Lets a request through to `inner`, or answers it with a problem document."""

    def __init__(self, inner: ASGIApp, serving: Serving) -> None:
        self._inner = inner
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        self._serving.metrics.begin()
        try:
            await self._answer(scope, receive, exchange)
        except (ClientDisconnect, TimeoutError):
            log.debug("%s: the caller went away", exchange.id)
        except Exception:
            log.exception("request %s failed", exchange.id)
        finally:
            self._end(scope, exchange)

    async def _answer(self, scope: Scope, receive: Receive, exchange: "_Exchange") -> None:
        serving = self._serving
        try:
            self._check(scope, Headers(scope=scope))
            with serving.in_flight.place(), Body(scope, receive, serving) as body:
                await self._inner(scope, body.receive, exchange.send)
            return
        except Refused as refused:
            answer = problem(refused.status_code, refused.detail, headers=refused.headers)
            if refused.status_code == HTTPStatus.UNAUTHORIZED and is_for_a_page(scope):
                answer = sign_in_page(scope["path"])
        except Overloaded as overloaded:
            answer = problem_of(overloaded)
        await answer(scope, receive, exchange.send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raises Refused unless the caller may do this."""
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise Refused(400, "the address holds a NUL character, which no name can hold")
        if self._serving.hosts and _host(headers) not in self._serving.hosts:
            raise Refused(421, "this server is not called so; `--allow-host` adds a name")
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > body_limit(scope, self._serving):
            raise Refused(413, f"the request may have {body_limit(scope, self._serving):,} bytes")
        self._check_type(scope, headers)
        if scope["path"] in OPEN or scope["path"].startswith(ASSETS):
            return
        token, right = self._token(scope, headers)
        scope.setdefault("state", {})["right"] = right
        if right is Right.NONE:
            raise Refused(401, "give a token: Authorization: Bearer TOKEN", **_wanted(token))
        if right is not Right.WRITE and scope["method"] not in READING:
            scope_needed = 'Bearer realm="rrmq", error="insufficient_scope"'
            raise Refused(403, "this token may only read", WWW_Authenticate=scope_needed)
        if wait := self._serving.rate.wait(token, time.monotonic()):
            seconds = str(max(1, round(wait)))
            raise Refused(429, "too many requests with this token", Retry_After=seconds)

    def _check_type(self, scope: Scope, headers: Headers) -> None:
        """Raises Refused for a body that is not what the route reads."""
        media = headers.get("content-type", "").partition(";")[0].strip().lower()
        if is_upload(scope):
            if media.startswith("multipart/") and media != FORM:
                raise Refused(415, f"send the file as it is, or a form of the type {FORM}")
        elif media == SENT_FORM and not scope["path"].startswith(PREFIX):
            return
        elif media not in ("", JSON) and scope["method"] not in READING:
            raise Refused(415, f"send JSON, with the type {JSON}")

    def _token(self, scope: Scope, headers: Headers) -> tuple[str, Right]:
        """The token and what it allows; a browser's cookie lets only our own pages write."""
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() in ("bearer", "basic"):
            token = token.strip() if scheme.lower() == "bearer" else _password(token)
            return token, self._serving.access.right(token)
        cookie = cookie_parser(headers.get("cookie", "")).get(cookie_name(scope), "")
        if cookie and (scope["method"] in READING or sent_by_own_page(headers)):
            return cookie, self._serving.access.right(cookie)
        return "", Right.NONE

    def _end(self, scope: Scope, exchange: "_Exchange") -> None:
        seconds = time.monotonic() - exchange.began
        path, method = scope["path"], scope["method"]
        level = logging.DEBUG if path in QUIET else logging.INFO
        log.log(
            level,
            "%s %s %s %.1f ms %s",
            method, path, exchange.status, 1000 * seconds, exchange.id,
        )  # fmt: skip
        route = getattr(scope.get("route"), "path", "none")
        if path.startswith(PREFIX) and not route.startswith(PREFIX):
            route = PREFIX + route  # the router names it without its prefix
        known = method if method in _METHODS else "other"
        self._serving.metrics.end(known, route, exchange.status, seconds)


_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
"""Methods that are counted by name: a caller may invent others without end."""


class _Exchange:
    """A request and what was sent of its response; `status` is that of the response."""

    def __init__(self, scope: Scope, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        self.id = given if _ID.fullmatch(given) else secrets.token_hex(8)
        self.began = time.monotonic()
        self.status = CLOSED
        self._send = send

    async def send(self, message: Message) -> None:
        """Passes on a part of the response. Raises TimeoutError when nobody takes it."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.id
            for name, value in SAFE_HEADERS.items():
                headers.setdefault(name, value)
        async with asyncio.timeout(SEND_SILENCE):
            await self._send(message)


def _password(credentials: str) -> str:
    """The password of basic credentials: a trainer that knows only an address sends a token so."""
    try:
        return b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _host(headers: Headers) -> str:
    """The name in the header Host, without its port."""
    try:
        return (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()
    except ValueError:
        return ""


def _wanted(token: str) -> dict[str, str]:
    """The header that asks for a token, or for another one."""
    wrong = ', error="invalid_token"' if token else ""
    return {"WWW_Authenticate": f'Bearer realm="rrmq"{wrong}'}
