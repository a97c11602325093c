"""The settings of the environment, and what they mean for the processes that are started."""

import logging
import os
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.request import getproxies_environment

from rrm_queue.actions.redaction import RedactingFormatter, log_uncaught_exceptions, secrets_of
from rrm_queue.config import Secret, Settings
from rrm_queue.errors import UsageFault
from rrm_queue.judging.engines.base import EngineSettings
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


def engine_settings(settings: Settings, **more: Any) -> EngineSettings:
    """What engines on this machine need to know; `more` is what a command adds."""
    return EngineSettings(
        settings.openai_base_url,
        reveal(settings.openai_api_key) or None,
        openai_headers=openai_headers(settings),
        openai_query=dict(parse_qsl(reveal(settings.openai_query))),
        proxies=getproxies_environment(),
        openai_rpm=settings.openai_rpm,
        openai_tpm=settings.openai_tpm,
        hub_cache=str(Path(os.environ.get("HF_HOME", "~/.cache/huggingface"), "hub").expanduser()),
        **more,
    )


def openai_headers(settings: Settings) -> dict[str, str]:
    """The headers that are sent to `openai` judges beside the key's."""
    return {name: reveal(value) for name, value in (settings.openai_headers or {}).items()}


def daemon_environment(settings: Settings) -> Mapping[str, str]:
    """The environment that the local stack's coordinator and worker are started with."""
    return {**os.environ, "RRMQ_HOME": str(settings.home.expanduser().absolute())}


def log_to_stderr(settings: Settings) -> None:
    """Sets up logging for a long-running verb: one line an event on stderr, without secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets_of(settings)))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells every step of a new store
    log_uncaught_exceptions()
