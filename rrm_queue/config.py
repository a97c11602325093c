"""Settings: the environment, read once by the composition roots and nobody else."""

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

CONFIRM_ABOVE = 1_000_000
"""Votes of a job beyond which `submit` asks a person first; some days on two GPUs."""


class Settings(BaseSettings):
    """What the environment says, each as `RRMQ_<NAME>`; see `docs/settings.md`.

    Without `database_url` and `broker_url` the local stack under `home` serves.
    """

    model_config = SettingsConfigDict(env_prefix="RRMQ_", env_ignore_empty=True)

    home: Path = Field(default_factory=lambda: platformdirs.user_data_path("rrmq"))
    database_url: SecretStr | None = None
    broker_url: SecretStr | None = None
    postgres_bin: Path | None = None
    valkey_bin: Path | None = None
    openai_base_url: str = "https://api.openai.com/v1"
    openai_api_key: SecretStr | None = None
    concurrency: int = Field(default=64, ge=1)
    confirm_above: int = Field(default=CONFIRM_ABOVE, ge=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
