"""What the engine of this worker judges with, as the coordinator must know it beforehand."""

import logging
from collections.abc import Callable
from time import monotonic
from urllib.request import urlopen

import msgspec

from rrm_queue.judging.engines.sglang.wire import ServerInfo
from rrm_queue.judging.kinds import find_judge

log = logging.getLogger(__name__)

ASK_EVERY = 60.0
"""Seconds between two questions: weights may be replaced while the engine runs."""

ASK_SECONDS = 2.0
"""The most seconds that an answer may take: leases are renewed by the same thread."""

_LONGEST_BODY = 1 << 20


def served_model(url: str, judge: str) -> Callable[[], str]:
    """A function that says what the SGLang server at `url` gives the votes of `judge` with.

    `judge` as `--judge` names it. It says nothing while the server has not said it.
    """
    _, argument = find_judge(judge)
    known, asked_at = "", -ASK_EVERY

    def ask() -> str:
        nonlocal known, asked_at
        if not known or monotonic() - asked_at >= ASK_EVERY:
            asked_at = monotonic()
            try:
                with urlopen(f"{url.rstrip('/')}/server_info", timeout=ASK_SECONDS) as answer:  # noqa: S310  # http, as the engine's
                    info = msgspec.json.decode(answer.read(_LONGEST_BODY), type=ServerInfo)
            except (OSError, ValueError, msgspec.DecodeError) as error:
                log.debug("the engine does not say what it serves: %s", error)
            else:
                known = info.answering(argument)
        return known

    return ask
