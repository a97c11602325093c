"""Settings: the environment, read once by the composition roots and nobody else."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

import platformdirs
from pydantic import BaseModel, ByteSize, Field, SecretStr, field_validator

PREFIX = "RRMQ_"
"""What the names of the settings' variables begin with."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

CONFIRM_ABOVE = 1_000_000
"""The most votes of a job that `submit` makes without asking; some days on two GPUs."""


MAX_INPUT = 64_000_000_000
"""The most bytes of a submission; more is a mistake, or a file made to fill the store."""


class Settings(BaseModel):
    """The settings, each read from `RRMQ_<NAME>` in the environment.

    pydantic-settings does the same, and its import takes as long as ten empty Pythons.

    The descriptions make the table of `docs/settings.md`. Without `database_url` and `broker_url`
    the local stack under `home` is used.
    """

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("rrmq"),
        description="folder for the data, sockets and logs of the local stack; default: the user's "
        "data folder (`~/.local/share/rrmq` on Linux)",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="`postgresql://user:password@host:5432/name`; set it together with the next. "
        "Without both the local stack is used",
    )
    broker_url: SecretStr | None = Field(
        default=None,
        description="`redis://:password@host:6379/0`, of Redis or Valkey; a worker needs only this",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="folder with `postgres` and `initdb` for the local stack; default: the "
        "wheel's, then `PATH`'s",
    )
    valkey_bin: Path | None = Field(
        default=None,
        description="the `valkey-server` or `redis-server` for the local stack; default: the "
        "wheel's, then `PATH`'s",
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1", description="base URL of `openai:MODEL` judges"
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        description="the worker's key for that URL; it is sent nowhere else and not stored",
    )
    openai_headers: dict[str, SecretStr] | None = Field(
        default=None,
        description='more headers for that URL, as JSON, such as `{"api-key": "…"}` for Azure; '
        "kept secret like the key",
    )
    openai_query: SecretStr | None = Field(
        default=None,
        description="parameters for that URL, such as `api-version=2024-10-21` for Azure; kept "
        "secret like the key",
    )
    openai_rpm: int = Field(
        default=0,
        ge=0,
        description="the most requests a minute that a worker process sends to one model at an "
        "`openai` endpoint; 0: found out from the endpoint's refusals",
    )
    openai_tpm: int = Field(
        default=0,
        ge=0,
        description="the same for tokens a minute, of prompts and completions together",
    )
    concurrency: int = Field(
        default=64,
        ge=1,
        description="votes that a worker has in flight at once; for a judge on SGLang, whose "
        "server sets that limit, the matches that it takes at once until its engine tells its load",
    )
    confirm_above: int = Field(
        default=CONFIRM_ABOVE,
        ge=0,
        description="on a terminal `submit` asks before it makes a job of more votes than this; "
        "`--yes` skips the question",
    )
    max_input: ByteSize = Field(
        default=ByteSize(MAX_INPUT),
        gt=0,
        description="the most bytes that the files of a submission may have together once they are "
        "unpacked, such as `500MB` or `64GB`",
    )
    api_tokens: SecretStr | None = Field(
        default=None,
        description="tokens for `rrmq serve`, separated by commas; without any, one is made and "
        "kept in `RRMQ_HOME/api_token`",
    )
    api_read_tokens: SecretStr | None = Field(
        default=None, description="tokens that may read and change nothing, separated by commas"
    )
    api_max_body: ByteSize = Field(
        default=ByteSize(16_000_000),
        gt=0,
        description="the most bytes of a request to `rrmq serve` that is not an upload; an upload "
        "may have `RRMQ_MAX_INPUT`",
    )
    api_in_flight: int = Field(
        default=4096,
        ge=1,
        description="requests that `rrmq serve` works on at once, those that wait included; more "
        "are asked to come again (503)",
    )
    api_rate: int = Field(
        default=0,
        ge=0,
        description="requests a second that `rrmq serve` takes from each token; 0: no limit",
    )
    server_url: str | None = Field(
        default=None,
        description="the `rrmq serve` that `rrm_queue.rewards` asks, such as `http://host:8000`; "
        "without it Python uses the store",
    )
    server_token: SecretStr | None = Field(
        default=None, description="a token of that server (its `RRMQ_API_TOKENS`)"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="how much coordinator, worker and server log"
    )

    @field_validator("openai_headers", mode="before")
    @classmethod
    def _check_headers(cls, headers: object) -> object:
        if isinstance(headers, str):
            try:
                headers = json.loads(headers)
            except ValueError:
                headers = [headers]
        if headers is not None and not isinstance(headers, dict):
            raise ValueError('write it as JSON, such as {"name": "value"}')
        for name, value in (headers or {}).items():
            if not _HEADER_NAME.fullmatch(name) or not str(value).isprintable():
                raise ValueError("a header's name or value has characters that no header may have")
        return headers

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of an environment; an empty variable is one that is not set.

        Raises ValidationError.
        """
        variables = {name: environment.get(PREFIX + name.upper()) for name in cls.model_fields}
        return cls.model_validate({name: value for name, value in variables.items() if value})
