"""Whether store and broker answer."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from rrm_queue.actions.app import App
from rrm_queue.errors import RrmqError
from rrm_queue.log_once import log_once

log = logging.getLogger(__name__)


class Answers(NamedTuple):
    """Which of both servers answers."""

    store: bool
    broker: bool


def look(app: App) -> Answers:
    """Asks both; what is wrong is logged once and not told."""
    return Answers(
        _answers("store", lambda: app.database.schema()),
        _answers("broker", lambda: app.broker.epoch()),
    )


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except RrmqError as error:
        log_once(log, logging.WARNING, "the %s does not answer: %s", name, error)
        return False
    return True
