"""The log of a verb that runs until it is stopped."""

import logging
import sys

from rrm_queue.actions.redaction import RedactingFormatter, log_uncaught_exceptions, secrets_of
from rrm_queue.config import Settings


def log_to_stderr(settings: Settings) -> None:
    """Sets up logging for a long-running verb: one line an event on stderr, without secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets_of(settings)))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells every step of a new store
    log_uncaught_exceptions()
