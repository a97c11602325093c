"""Logging an event the first time it is seen, where a loop sees it again and again."""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")


@lru_cache(maxsize=4096)
def log_once(logger: logging.Logger, level: int, message: str, *args: object) -> None:
    """Logs `message % args`, unless the same was logged before. `args` must be hashable."""
    logger.log(level, message, *args)


def tell(
    told: Callable[Arguments, None], *arguments: Arguments.args, **options: Arguments.kwargs
) -> None:
    """Calls an observer's method. Its faults are logged once and harm no work."""
    try:
        told(*arguments, **options)
    except Exception as fault:
        log_once(
            log,
            logging.ERROR,
            "the metrics could not be updated: %s",
            str(fault).strip() or type(fault).__name__,
        )
