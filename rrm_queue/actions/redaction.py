"""Keeps out of logs what they may not hold: secrets, and characters that a terminal would obey.

Our own code writes no password into a log. But errors come from libraries and servers, which quote
what they were given; everything passes through here on its way into the log.
"""

import logging
import re
import sys
import threading
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote

from rrm_queue.config import Settings
from rrm_queue.text import printable

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_MASK = "***"

# Greedy: in an ill-formed address too much is starred out rather than too little.
_PASSWORD = re.compile(r"^[^:]+://[^:@/]*:(.*)@")
_OPTION = re.compile(r"password=([^&]*)")
_SHORTEST = 4  # characters; starring out less would garble a log and hide nothing

log = logging.getLogger(__name__)


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every secret of the settings, in every form in which a message may quote it."""
    found = set[str]()
    for url in (settings.database_url, settings.broker_url):
        for pattern in (_PASSWORD, _OPTION):
            found.update(pattern.findall(url.reveal()) if url else [])
    if settings.openai_api_key:
        found.add(settings.openai_api_key.reveal())
    found.update(value.reveal() for value in (settings.openai_headers or {}).values())
    if settings.openai_query:
        query = parse_qsl(settings.openai_query.reveal())
        found.update(value for name, value in query if name != "api-version")
    for tokens in (settings.api_tokens, settings.api_read_tokens):
        found.update(map(str.strip, tokens.reveal().split(",") if tokens else []))
    forms = {form for secret in found for form in _forms(secret)}
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


def without_password(url: str) -> str:
    """The URL with its password starred out, wherever it stands and however ill-formed it is."""
    url = re.sub(r"^([^:]+://[^:@/]*):.*@", rf"\1:{_MASK}@", url)
    return re.sub(r"(password=)[^&]*", rf"\1{_MASK}", url)


def database_place(url: str) -> str:
    """Host, port and database of a URL, such as `db.example:5432/rrmq`: no user and no options."""
    authority, _, query = without_password(url).partition("://")[2].partition("?")
    host, _, database = authority.rpartition("@")[2].partition("/")
    options = dict(parse_qsl(query))
    host = host or options.get("host", "")
    if "port" in options:
        host += f":{options['port']}"
    return f"{host}/{database}" if database else host


class RedactingFormatter(logging.Formatter):
    """Formats a record with its secrets starred out and its control characters written out.

    A message is one line whatever it quotes, so that nobody forges a line of the log; a traceback
    keeps its lines.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__(_FORMAT)
        longest_first = sorted(secrets, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def format(self, record: logging.LogRecord) -> str:
        """The record's line, and a traceback's below it."""
        return self._secrets.sub(_MASK, super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """The record's own line."""
        return printable(super().formatMessage(record).strip())

    def formatException(self, ei: "logging._SysExcInfoType") -> str:  # noqa: N802  # logging's name
        """The traceback's lines."""
        return "\n".join(map(printable, super().formatException(ei).split("\n")))


def log_uncaught_exceptions() -> None:
    """Logs an exception that ends the process or a thread, so that it is redacted as well."""
    sys.excepthook = lambda _, error, __: _log_uncaught(error)
    threading.excepthook = lambda args: _log_uncaught(args.exc_value)


def _log_uncaught(error: BaseException | None) -> None:
    if isinstance(error, Exception):
        log.critical("uncaught exception", exc_info=error)


def _forms(secret: str) -> set[str]:
    plain = unquote(secret)
    forms = {secret, plain, quote(plain), quote(plain, safe="")}
    return (
        forms | {repr(form)[1:-1] for form in forms} | {form.replace("/", "\\/") for form in forms}
    )
