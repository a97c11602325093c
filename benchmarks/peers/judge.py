"""The judge: an OpenAI-compatible address that prefers the answer shown first, in a set time.

`POST /begin {"ms": 500, "spread": 1}` sets the time and clears the counts: the n-th request after
it takes the n-th drawn time, so every tool gets the same work. `GET /seen` has the counts, and when
the first request came and the last answer left, on this machine's monotonic clock.
"""

import argparse
import asyncio
import json
import random
import re
import time
from collections import Counter

from aiohttp import web

_ANSWER = re.compile(rb"\b(p\d{3}/a\d\d)\b")
_REASONING = "The first answer follows the question step by step and checks what it finds. " * 10
_SAID = f"{_REASONING}\n\\boxed{{Assistant 1}}"
_USAGE = {"prompt_tokens": 500, "completion_tokens": 200, "total_tokens": 700}
_MODEL = {"id": "judge", "object": "model", "created": 0, "owned_by": "benchmark"}


def _completion() -> bytes:
    message = {"role": "assistant", "content": _SAID}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    head = {"id": "c", "object": "chat.completion", "created": 0, "model": "judge"}
    return json.dumps(head | {"choices": [choice], "usage": _USAGE}).encode()


_COMPLETION = _completion()


class Judge:
    """Answers, and counts what it was asked by the pair of answers in the request."""

    def __init__(self) -> None:
        self._set(0, 0)

    def _set(self, ms: float, spread: float) -> None:
        self._ms, self._spread, self._drawn = ms, spread, random.Random(0)
        self._asked: Counter[frozenset[bytes]] = Counter()
        self._answered = 0
        self._first = self._last = 0.0

    async def complete(self, request: web.Request) -> web.Response:
        """One judgement."""
        self._first = self._first or time.monotonic()
        body = await request.read()
        self._asked[frozenset(_ANSWER.findall(body))] += 1
        await asyncio.sleep(self._ms / 1000 * self._drawn.lognormvariate(0, self._spread))
        self._answered += 1
        self._last = time.monotonic()
        return web.Response(body=_COMPLETION, content_type="application/json")

    async def begin(self, request: web.Request) -> web.Response:
        """Forgets what was asked."""
        self._set(**await request.json())
        return web.json_response({})

    async def seen(self, request: web.Request) -> web.Response:
        """What was asked since."""
        asked, pairs = self._asked.total(), len(self._asked)
        counts = {"asked": asked, "answered": self._answered, "pairs": pairs}
        return web.json_response({**counts, "first": self._first, "last": self._last})

    async def models(self, request: web.Request) -> web.Response:
        """Its one model."""
        return web.json_response({"object": "list", "data": [_MODEL]})


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    judge, app = Judge(), web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", judge.complete)
    app.router.add_get("/v1/models", judge.models)
    app.router.add_post("/begin", judge.begin)
    app.router.add_get("/seen", judge.seen)
    web.run_app(app, host="127.0.0.1", port=parser.parse_args().port, print=None, access_log=None)


if __name__ == "__main__":
    main()
