"""Logging an event the first time it is seen, where a loop sees it again and again."""

import logging
from functools import lru_cache


@lru_cache(maxsize=4096)
def log_once(logger: logging.Logger, level: int, message: str, *args: object) -> None:
    """Logs `message % args`, unless the same was logged before. `args` must be hashable."""
    logger.log(level, message, *args)
