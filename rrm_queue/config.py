"""Settings: the environment, read once by the composition roots and nobody else."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CONFIRM_ABOVE = 1_000_000
"""Votes of a job beyond which `submit` asks a person first; some days on two GPUs."""


class Settings(BaseSettings):
    """What the environment says, each as `RRMQ_<NAME>`.

    The descriptions make the table of `docs/settings.md`. Without `database_url` and `broker_url`
    the local stack under `home` serves.
    """

    model_config = SettingsConfigDict(env_prefix="RRMQ_", env_ignore_empty=True)

    home: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("rrmq"),
        description="where the local stack keeps its data, sockets and logs; without it the user's "
        "data folder (`~/.local/share/rrmq` on Linux)",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="`postgresql://user:password@host:5432/name`; set it together with the next. "
        "Without both the local stack",
    )
    broker_url: SecretStr | None = Field(
        default=None,
        description="`redis://:password@host:6379/0`, of Redis or Valkey; all that a worker needs",
    )
    postgres_bin: Path | None = Field(
        default=None,
        description="the folder with `postgres` and `initdb` for the local stack; without it the "
        "wheel's, then `PATH`'s",
    )
    valkey_bin: Path | None = Field(
        default=None,
        description="the `valkey-server` or `redis-server` for the local stack; without it the "
        "wheel's, then `PATH`'s",
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1", description="where `openai:MODEL` judges are asked"
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        description="the worker's key for that address; sent nowhere else, stored nowhere",
    )
    concurrency: int = Field(
        default=64, ge=1, description="votes that a worker has in flight at once"
    )
    confirm_above: int = Field(
        default=CONFIRM_ABOVE,
        ge=0,
        description="votes beyond which `submit` asks first, where a person sits at the terminal; "
        "`--yes` says it beforehand",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="how much coordinator and worker say in their logs"
    )
