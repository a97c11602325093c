"""What the engine of this worker judges with, as others must know it beforehand."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec

from rrm_queue.judging.engines.sglang.wire import ModelInfo, ServerInfo
from rrm_queue.judging.kinds import find_judge

log = logging.getLogger(__name__)

Body = TypeVar("Body")

ASK_EVERY = 60.0
"""Seconds between two questions: weights may be replaced while the engine runs."""

ASK_SECONDS = 2.0
"""The most seconds that an answer may take: the worker's presence is not renewed meanwhile."""

_LONGEST_BODY = 1 << 20
_NO_SUCH_PAGE = 404


class Served(NamedTuple):
    """What an engine gives votes with: empty while that is not known.

    `ignores_seeds`: a vote's seed is known to have no effect on its text.
    """

    model: str = ""
    ignores_seeds: bool = False


def served_model(url: str, judge: str) -> Callable[[], Served]:
    """A function that says what the SGLang server at `url` gives the votes of `judge` with.

    `judge` as `--judge` names it. It says nothing while the server has not said it.
    """
    _, argument = find_judge(judge)
    known, asked_at = Served(), -ASK_EVERY

    def ask() -> Served:
        nonlocal known, asked_at
        if not known.model or monotonic() - asked_at >= ASK_EVERY:
            asked_at = monotonic()
            try:
                info = _info(url.rstrip("/"))
            except (OSError, ValueError, msgspec.DecodeError) as error:
                log.debug("the engine does not say what it serves: %s", error)
            else:
                known = Served(info.answering(argument), info.ignores_seeds)
        return known

    return ask


def _info(url: str) -> ServerInfo:
    """What the server says of itself and its model. Raises OSError, ValueError, DecodeError."""
    info = _read(f"{url}/server_info", ServerInfo)
    try:
        return info.serving(_read(f"{url}/model_info", ModelInfo))
    except HTTPError as error:
        if error.code != _NO_SUCH_PAGE:
            raise
        return info


def _read(url: str, kind: type[Body]) -> Body:
    with urlopen(url, timeout=ASK_SECONDS) as answer:  # noqa: S310  # http, as the engine's
        return msgspec.json.decode(answer.read(_LONGEST_BODY), type=kind)
