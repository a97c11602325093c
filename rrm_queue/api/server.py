"""A server of rrmq, asked over HTTP."""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, cast

from rrm_queue.actions.rewards.answers import RewardsShape
from rrm_queue.actions.rewards.asked import RewardRequest
from rrm_queue.actions.settings import reveal
from rrm_queue.config import Settings
from rrm_queue.errors import Conflict, JobFailed, Overloaded, StillRunning, UsageFault

MOST_THREADS = 256
"""Groups that an event loop waits for at the same time; further ones wait for their turn."""

HOLD = 60.0
"""Seconds for which the server holds a request; then it is repeated, and joins."""

MARGIN = 30.0
"""Seconds that an answer may take beyond that."""

PAUSE = 1.0
"""Seconds before a server that cannot be reached is tried again."""


@cache
def server_threads() -> ThreadPoolExecutor:
    """The threads in which an event loop's requests wait."""
    return ThreadPoolExecutor(MOST_THREADS, "rrmq-rewards")


def ask_server(settings: Settings, asked: RewardRequest, timeout: float) -> RewardsShape:
    """The rewards of a group from the server of the settings.

    A request that fails on its way, or that the server asks to repeat, is repeated until `timeout`
    seconds are over: it joins what is judged already. Raises Conflict, UsageFault, Overloaded and
    StillRunning.
    """
    end = time.monotonic() + timeout
    while True:
        left = end - time.monotonic()
        try:
            status, answer, pause = _post(settings, _body(asked, min(HOLD, max(0.0, left))))
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            status, answer, pause = 503, {"detail": f"{settings.server_url}: {error}"}, PAUSE
        if status == 200:
            return cast("RewardsShape", answer)
        if status not in (202, 429, 502, 503, 504):
            raise _fault(status, answer)
        if time.monotonic() + pause >= end:
            late = StillRunning if status == 202 else Overloaded
            raise late(str(answer.get("detail") or f"{timeout:g} s"))
        time.sleep(pause)


def _body(asked: RewardRequest, wait: float) -> dict[str, Any]:
    given = {
        "prompt": asked.prompt,
        "completions": list(asked.completions),
        "reference": asked.reference,
        "criteria": asked.criteria,
        "id": asked.id,
        "job": asked.job,
        "kind": asked.formula.kind.value,
        "center": asked.formula.center,
        "scale": asked.formula.scale,
        "wait": wait,
        **asked.options,
    }
    return {name: value for name, value in given.items() if value is not None}


def _post(settings: Settings, body: dict[str, Any]) -> tuple[int, dict[str, Any], float]:
    """The status, the decoded answer, and how many seconds to wait before a repeat."""
    url = f"{str(settings.server_url).rstrip('/')}/v1/rewards"
    if not url.startswith(("http://", "https://")):
        raise UsageFault("RRMQ_SERVER_URL must look like http://host:port")
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")  # noqa: S310  # http, see above
    request.add_header("Content-Type", "application/json")
    if token := reveal(settings.server_token):
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=HOLD + MARGIN) as answer:  # noqa: S310
            return answer.status, json.load(answer), 0.0
    except urllib.error.HTTPError as error:
        with error:
            return (
                error.code,
                _decoded(error.read()),
                float(error.headers.get("Retry-After", PAUSE)),
            )


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {"detail": "the answer is not JSON: is this a server of rrmq?"}
    return found if isinstance(found, dict) else {"detail": str(found)}


def _fault(status: int, answer: dict[str, Any]) -> Exception:
    detail = str(answer.get("detail"))
    match status:
        case 409:
            return Conflict(detail)
        case 400 | 401 | 403 | 404 | 413 | 422:
            return UsageFault(detail)
        case _:
            return JobFailed(f"the server answered {status}: {detail}")
