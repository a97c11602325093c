"""Settings: the environment, read once by the composition roots and nobody else."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CONFIRM_ABOVE = 1_000_000
"""Votes of a job beyond which `submit` asks a person first; some days on two GPUs."""


class Settings(BaseSettings):
    """The settings, each from the environment variable `RRMQ_<NAME>`.

    The descriptions make the table of `docs/settings.md`. Without `database_url` and `broker_url`
    the local stack under `home` is used.
    """

    model_config = SettingsConfigDict(env_prefix="RRMQ_", env_ignore_empty=True)

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("rrmq"),
        description="where the local stack keeps its data, sockets and logs; by default the user's "
        "data folder (`~/.local/share/rrmq` on Linux)",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="`postgresql://user:password@host:5432/name`; set it together with "
        "`RRMQ_BROKER_URL`. Without both, the local stack is used",
    )
    broker_url: SecretStr | None = Field(
        default=None,
        description="`redis://:password@host:6379/0`, of Redis or Valkey; a worker needs nothing else",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="the folder with `postgres` and `initdb` for the local stack; by default the "
        "wheel's, then those on `PATH`",
    )
    valkey_bin: Path | None = Field(
        default=None,
        description="the `valkey-server` or `redis-server` for the local stack; by default the "
        "wheel's, then the one on `PATH`",
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1", description="the endpoint of `openai:MODEL` judges"
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        description="the worker's key for that endpoint; it is sent nowhere else and stored nowhere",
    )
    concurrency: int = Field(
        default=64, ge=1, description="votes that a worker has in flight at once"
    )
    confirm_above: int = Field(
        default=CONFIRM_ABOVE,
        ge=0,
        description="number of votes above which `submit` asks for confirmation, if it runs on a "
        "terminal and without `--yes`",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="log level of coordinator and worker"
    )
