"""What a log may not hold: secrets, and characters that a terminal would obey.

Nothing should write a password into a log in the first place. But errors come from libraries and
servers, which quote what they were given; here is the last door before the log.
"""

import logging
import re
import sys
import threading
from collections.abc import Iterable
from urllib.parse import quote, unquote

from rrm_queue.config import Settings
from rrm_queue.text import printable

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_MASK = "***"

# Greedy: of an ill-formed address too much is starred out rather than too little.
_PASSWORD = re.compile(r"^[^:]+://[^:@/]*:(.*)@")
_OPTION = re.compile(r"password=([^&]*)")
_SHORTEST = 4  # characters; starring out less would garble a log and hide nothing

log = logging.getLogger(__name__)


def secrets_of(settings: Settings) -> frozenset[str]:
    """Every secret of the settings, in every form that a message may quote it in."""
    found = set[str]()
    for url in (settings.database_url, settings.broker_url):
        for pattern in (_PASSWORD, _OPTION):
            found.update(pattern.findall(url.get_secret_value()) if url else [])
    if settings.openai_api_key:
        found.add(settings.openai_api_key.get_secret_value())
    forms = {form for secret in found for form in _forms(secret)}
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


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
    """Lets a traceback that ends the process or a thread pass through the log's door as well."""
    sys.excepthook = lambda _, error, __: _log_uncaught(error)
    threading.excepthook = lambda args: _log_uncaught(args.exc_value)


def _log_uncaught(error: BaseException | None) -> None:
    if isinstance(error, Exception):
        log.critical("nobody caught this", exc_info=error)


def _forms(secret: str) -> set[str]:
    plain = unquote(secret)
    forms = {secret, plain, quote(plain), quote(plain, safe="")}
    return (
        forms | {repr(form)[1:-1] for form in forms} | {form.replace("/", "\\/") for form in forms}
    )
