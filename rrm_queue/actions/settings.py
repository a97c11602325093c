"""The settings of the environment, and what they mean for the processes that are started."""

import logging
import os
import sys
from collections.abc import Mapping

from pydantic import SecretStr, ValidationError

from rrm_queue.actions.redaction import RedactingFormatter, log_uncaught_exceptions, secrets_of
from rrm_queue.config import Settings
from rrm_queue.errors import UsageFault
from rrm_queue.seeds import derive


def read_settings() -> Settings:
    """The settings of the environment. Raises UsageFault naming the variable that is wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "RRMQ_" + "_".join(str(part) for part in first["loc"]).upper()
        raise UsageFault(f"{name}: {first['msg']}") from error
    if reveal(settings.database_url).partition("?")[0].count("@") > 1:
        # Otherwise the rest of the password would be read as the host, and shown in every error.
        raise UsageFault("RRMQ_DATABASE_URL: write `@` in the user or password as %40")
    return settings


def reveal(secret: SecretStr | None) -> str:
    """The secret's text; empty where there is none."""
    return secret.get_secret_value() if secret else ""


def settings_fingerprint(settings: Settings) -> str:
    """A fingerprint of the settings that the local worker needs for `openai` judges.

    Two keys have different fingerprints, and a key cannot be read from its fingerprint.
    """
    limits = (settings.openai_rpm, settings.openai_tpm)
    return f"{derive(settings.openai_base_url, reveal(settings.openai_api_key), *limits):x}"


def daemon_environment(settings: Settings) -> Mapping[str, str]:
    """The environment that the local stack's coordinator and worker are started with."""
    return {**os.environ, "RRMQ_HOME": str(settings.home.expanduser().absolute())}


def log_to_stderr(settings: Settings) -> None:
    """Sets up logging for a long-running verb: one line an event on stderr, without secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets_of(settings)))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    log_uncaught_exceptions()
