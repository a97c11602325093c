"""The settings of the environment, and what they mean for the processes that are started."""

import os
from collections.abc import Mapping
from itertools import chain

from rrm_queue.config import Secret, Settings
from rrm_queue.errors import UsageFault
from rrm_queue.seeds import derive


def read_settings() -> Settings:
    """The settings of the environment. Raises UsageFault naming the variable that is wrong."""
    settings = Settings.read(os.environ)
    if reveal(settings.database_url).partition("?")[0].count("@") > 1:
        # Otherwise the rest of the password would be read as the host, and shown in every error.
        raise UsageFault("RRMQ_DATABASE_URL: write `@` in the user or password as %40")
    return settings


def reveal(secret: Secret | None) -> str:
    """The secret's text; empty where there is none."""
    return secret.reveal() if secret else ""


def settings_fingerprint(settings: Settings) -> str:
    """A fingerprint of the settings that the local worker needs for `openai` judges.

    Two keys have different fingerprints, and a key cannot be read from its fingerprint.
    """
    limits = (settings.openai_rpm, settings.openai_tpm)
    parts = (settings.openai_base_url, reveal(settings.openai_api_key), *limits)
    more = (*chain(*openai_headers(settings).items()), reveal(settings.openai_query))
    return f"{derive(*parts, *(more if any(more) else ())):x}"


def openai_headers(settings: Settings) -> dict[str, str]:
    """The headers that are sent to `openai` judges beside the key's."""
    return {name: reveal(value) for name, value in (settings.openai_headers or {}).items()}


def daemon_environment(settings: Settings) -> Mapping[str, str]:
    """The environment that the local stack's coordinator and worker are started with."""
    return {**os.environ, "RRMQ_HOME": str(settings.home.expanduser().absolute())}
