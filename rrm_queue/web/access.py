"""Who may call: bearer tokens, tokens that may only read, and the token that is made here."""

import hmac
import secrets
from collections.abc import Iterable
from contextlib import suppress
from enum import IntEnum
from hashlib import sha256
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from rrm_queue.actions.settings import reveal
from rrm_queue.config import Settings

TOKEN_FILE = "api_token"  # noqa: S105  # a file's name
"""The file under RRMQ_HOME that keeps the token that was made here."""


READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


class Right(IntEnum):
    """What a caller may do."""

    NONE = 0
    READ = 1
    WRITE = 2


class Access:
    """The tokens that are accepted, as digests; a comparison takes the same time for each.

    `made` is the token that was made here, None where the settings name tokens.
    """

    def __init__(
        self, write: Iterable[str], read: Iterable[str] = (), *, made: str | None = None
    ) -> None:
        self.made = made
        self._rights = [(_digest(token), Right.READ) for token in read]
        self._rights += [(_digest(token), Right.WRITE) for token in write]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The tokens of the settings, or else one that is made and kept under RRMQ_HOME.

        Raises OSError when the file cannot be kept.
        """
        write, read = (
            _listed(reveal(tokens)) for tokens in (settings.api_tokens, settings.api_read_tokens)
        )
        if write or read:
            return cls(write, read)
        made = kept_token(settings.home.expanduser())
        return cls([made], made=made)

    @property
    def explicit(self) -> bool:
        """Whether the tokens were given and not made here."""
        return self.made is None

    def right(self, token: str) -> Right:
        """What the holder of `token` may do."""
        found, given = Right.NONE, _digest(token)
        for digest, right in self._rights:
            if hmac.compare_digest(digest, given):
                found = max(found, right)
        return found


def kept_token(home: Path) -> str:
    """The token in the home folder, made on first use; only its owner can read it.

    Of servers that start at the same time one makes it, and all use that one. Raises OSError.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home / TOKEN_FILE
    if not file.exists():
        beside = file.with_name(f".{TOKEN_FILE}-{secrets.token_hex(8)}")
        try:
            beside.touch(mode=0o600)
            beside.write_text(secrets.token_urlsafe(32))
            with suppress(FileExistsError):  # another server was faster
                file.hardlink_to(beside)
        finally:
            beside.unlink(missing_ok=True)
    file.chmod(0o600)
    return file.read_text().strip()


def sent_by_own_page(headers: Headers) -> bool:
    """Whether the browser says that a page of this very server sent the request.

    Browsers send `Sec-Fetch-Site` to addresses that they trust, such as this machine and https, and
    `Origin` with every post. Another port is another origin.
    """
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    try:
        origin = urlsplit(headers.get("origin", ""))
    except ValueError:
        return False
    return bool(origin.netloc) and origin.netloc.lower() == headers.get("host", "").lower()


def cookie_name(scope: Scope) -> str:
    """The cookie by which a browser reads: of each port another, as browsers do not tell ports."""
    _, port = scope.get("server") or ("", 0)
    return f"rrmq_token_{port}"


def _listed(tokens: str) -> list[str]:
    return [token for part in tokens.split(",") if (token := part.strip())]


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()
