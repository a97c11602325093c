"""Settings: the environment, read once by the composition roots and nobody else."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

import platformdirs

from rrm_queue.errors import UsageFault

PREFIX = "RRMQ_"
"""What the names of the settings' variables begin with."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

CONFIRM_ABOVE = 1_000_000
"""The most votes of a job that `submit` makes without asking; some days on two GPUs."""


MAX_INPUT = 64_000_000_000
"""The most bytes of a submission; more is a mistake, or a file made to fill the store."""

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Secret:
    """A text that only `reveal` tells: neither a log nor a traceback shows it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


_SIZE = re.compile(r"\s*(\d*\.?\d+)\s*([kmgtpe]?)(i?)b?\s*", re.IGNORECASE)


def size(text: str) -> int:
    """The bytes of a text such as `500MB`, `64 GiB` or `1000`."""
    found = _SIZE.fullmatch(text)
    number, unit, binary = found.groups() if found else ("0", "", "")
    power = " kmgtpe".index(unit.lower() or " ")
    bytes_ = int(float(number) * (1024 if binary else 1000) ** power)
    if not bytes_:
        raise ValueError("write a number of bytes, such as 500MB")
    return bytes_


def _whole(least: int) -> Callable[[str], int]:
    """What reads a whole number that is not less than this one."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise ValueError(f"write a whole number of at least {least}")
        return number

    return read


def _log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"write one of {', '.join(LOG_LEVELS)}")
    return text


def _headers(text: str) -> dict[str, Secret]:
    try:
        headers = json.loads(text)
    except ValueError:
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(v, str) for v in headers.values()):
        raise ValueError('write it as JSON, such as {"name": "value"}')
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
            raise ValueError("a header's name or value has characters that no header may have")
    return {name: Secret(value) for name, value in headers.items()}


def _setting(meaning: str, read: Callable[[str], Any], default: Any = None) -> Any:
    """A field with its line in `docs/settings.md` and what reads its variable."""
    about = {"meaning": meaning, "read": read}
    if callable(default):
        return field(default_factory=default, metadata=about)
    return field(default=default, metadata=about)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, each read from `RRMQ_<NAME>` in the environment.

    pydantic could read them; its import takes as long as eight empty Pythons.

    The meanings make the table of `docs/settings.md`. Without `database_url` and `broker_url`
    the local stack under `home` is used.
    """

    home: Path = _setting(
        "folder for the data, sockets and logs of the local stack; default: the user's "
        "data folder (`~/.local/share/rrmq` on Linux)",
        Path,
        lambda: platformdirs.user_data_path("rrmq"),
    )
    database_url: Secret | None = _setting(
        "`postgresql://user:password@host:5432/name`; set it together with the next. "
        "Without both the local stack is used",
        Secret,
    )
    broker_url: Secret | None = _setting(
        "`redis://:password@host:6379/0`, of Redis or Valkey; a worker needs only this",
        Secret,
    )
    postgres_bin: Path | None = _setting(
        "folder with `postgres` and `initdb` for the local stack; default: the "
        "wheel's, then `PATH`'s",
        Path,
    )
    valkey_bin: Path | None = _setting(
        "the `valkey-server` or `redis-server` for the local stack; default: the "
        "wheel's, then `PATH`'s",
        Path,
    )
    openai_base_url: str = _setting(
        "base URL of `openai:MODEL` judges",
        str,
        "https://api.openai.com/v1",
    )
    openai_api_key: Secret | None = _setting(
        "the worker's key for that URL; it is sent nowhere else and not stored",
        Secret,
    )
    openai_headers: dict[str, Secret] | None = _setting(
        'more headers for that URL, as JSON, such as `{"api-key": "…"}` for Azure; '
        "kept secret like the key",
        _headers,
    )
    openai_query: Secret | None = _setting(
        "parameters for that URL, such as `api-version=2024-10-21` for Azure; kept "
        "secret like the key",
        Secret,
    )
    openai_rpm: int = _setting(
        "the most requests a minute that a worker process sends to one model at an "
        "`openai` endpoint; 0: found out from the endpoint's refusals",
        _whole(0),
        0,
    )
    openai_tpm: int = _setting(
        "the same for tokens a minute, of prompts and completions together",
        _whole(0),
        0,
    )
    concurrency: int = _setting(
        "votes that a worker has in flight at once; for a judge on SGLang, whose "
        "server sets that limit, the matches that it takes at once until its engine tells its load",
        _whole(1),
        64,
    )
    confirm_above: int = _setting(
        "on a terminal `submit` asks before it makes a job of more votes than this; "
        "`--yes` skips the question",
        _whole(0),
        CONFIRM_ABOVE,
    )
    max_input: int = _setting(
        "the most bytes that the files of a submission may have together once they are "
        "unpacked, such as `500MB` or `64GB`",
        size,
        MAX_INPUT,
    )
    api_tokens: Secret | None = _setting(
        "tokens for `rrmq serve`, separated by commas; without any, one is made and "
        "kept in `RRMQ_HOME/api_token`",
        Secret,
    )
    api_read_tokens: Secret | None = _setting(
        "tokens that may read and change nothing, separated by commas",
        Secret,
    )
    api_max_body: int = _setting(
        "the most bytes of a request to `rrmq serve` that is not an upload; an upload "
        "may have `RRMQ_MAX_INPUT`",
        size,
        16_000_000,
    )
    api_in_flight: int = _setting(
        "requests that `rrmq serve` works on at once, those that wait included; more "
        "are asked to come again (503)",
        _whole(1),
        4096,
    )
    api_rate: int = _setting(
        "requests a second that `rrmq serve` takes from each token; 0: no limit",
        _whole(0),
        0,
    )
    server_url: str | None = _setting(
        "the `rrmq serve` that `rrm_queue.rewards` asks, such as `http://host:8000`; "
        "without it Python uses the store",
        str,
    )
    server_token: Secret | None = _setting(
        "a token of that server (its `RRMQ_API_TOKENS`)",
        Secret,
    )
    log_level: str = _setting(
        "how much coordinator, worker and server log",
        _log_level,
        "INFO",
    )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of an environment; an empty variable is one that is not set.

        Raises UsageFault naming the variable that is wrong.
        """
        found = {}
        for setting in fields(cls):
            variable = PREFIX + setting.name.upper()
            if text := environment.get(variable):
                try:
                    found[setting.name] = setting.metadata["read"](text)
                except ValueError as error:
                    raise UsageFault(f"{variable}: {error}") from error
        return cls(**found)
