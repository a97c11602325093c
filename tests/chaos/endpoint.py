"""The engine of the chaos run: a process that serves the judge over the OpenAI protocol.

It is slow, with a heavy tail, and sometimes fails; both are drawn from its seed. Each request that
it begins, answers, refuses or sees its asker leave is a line in a file, which survives its death.
Another file names its mood, while it has one.
"""

import argparse
import asyncio
import os
import re
import time
from collections import Counter
from enum import StrEnum
from pathlib import Path
from statistics import NormalDist
from typing import Any, NamedTuple

from aiohttp import web

from chaos.judge import sample, tokens, written
from rrm_queue.seeds import derive

BEGUN, ANSWERED, LEFT = "begun", "answered", "left"
REFUSED, MISCOUNTED = "refused", "miscounted"
"""What a line notes: a word of these, the request's key, and the time in seconds."""


class Mood(StrEnum):
    """What the endpoint does for as long as its mood's file says so."""

    REFUSE = "refuse"
    MISCOUNT = "miscount"


BAD_COUNTS = (-1, 2**40, 2**70, None)
"""Tokens that no answer can have cost."""

LONGEST = 2.0
"""Seconds that an answer takes at most, but for the few that are slow."""

_SLOW, _SLOW_SECONDS = 0.003, 5.0
_BUSY, _RESET = 0.02, 0.01
_SPREAD = 1.2  # of the logarithm of the seconds: the slowest in a hundred take eight times the mean
_SLOTS = re.compile(r"### Assistant 1\n\n(.*?)\n\n\n### Assistant 2\n\n(.*?)\n", re.S)


class Endpoint:
    """Answers in `mean` seconds on average and notes what it did in the file `notes`.

    One that is `calm` takes exactly as long each time, and never fails.
    """

    def __init__(self, seed: int, mean: float, notes: Path, *, calm: bool) -> None:
        self._seed, self._mean, self._calm = seed, mean, calm
        self._usual = NormalDist(0, _SPREAD)
        self._median = mean / 2.05  # the mean of a lognormal of this spread, over its median
        self._notes = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._mood_file = mood_file(notes)
        self._asked: Counter[str] = Counter()

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """One vote, or a fault."""
        body = await request.json()
        seed = int(body["seed"])
        slots = _SLOTS.search(body["messages"][-1]["content"])
        if slots is None:
            return web.json_response({"error": {"message": "no answers"}}, status=400)
        one, two = slots[1], slots[2]
        key = request_key(one, two, seed)
        self._asked[key] += 1
        mood = _mood(self._mood_file)
        if mood == Mood.REFUSE:
            self._note(REFUSED, key)
            return _refusal(busy=self._draw("refusal", key) < 0.5)
        self._note(BEGUN, key)
        try:
            await asyncio.sleep(self._seconds(key))
        except asyncio.CancelledError:
            self._note(LEFT, key)
            raise
        fate = 1.0 if self._calm else self._draw("fate", key)
        if fate < _RESET and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)
        if fate < _RESET + _BUSY:
            return web.json_response({"error": {"message": "overloaded"}}, status=503)
        counts = tokens(one, two, seed)
        odd: tuple[Any, ...] = counts
        if mood == Mood.MISCOUNT and self._draw("miscount", key) < 0.5:
            self._note(MISCOUNTED, key)
            odd = tuple(
                BAD_COUNTS[int(self._draw(str(place), key) * len(BAD_COUNTS))]
                for place in range(len(counts))
            )
        self._note(ANSWERED, key)
        return _completion(one, two, seed, odd)

    def _seconds(self, key: str) -> float:
        if self._calm:
            return self._mean
        if self._draw("slow", key) < _SLOW:
            return _SLOW_SECONDS
        drawn = min(max(self._draw("seconds", key), 1e-6), 1 - 1e-6)
        return float(min(self._median * 2.718281828 ** self._usual.inv_cdf(drawn), LONGEST))

    def _draw(self, what: str, key: str) -> float:
        return derive(self._seed, what, key, self._asked[key]) / 2**63

    def _note(self, what: str, key: str) -> None:
        os.write(self._notes, f"{what} {key} {time.time():.3f}\n".encode())


class Note(NamedTuple):
    """A line of the notes; `at` in seconds since the epoch."""

    what: str
    key: str
    at: float


def notes(file: Path) -> list[Note]:
    """What an engine has noted so far; a last line that is cut off is left out."""
    if not file.exists():
        return []
    whole = file.read_text().rpartition("\n")[0]
    words = (line.split() for line in whole.splitlines())
    return [Note(what, key, float(at)) for what, key, at in words]


def request_key(one: str, two: str, seed: int) -> str:
    """What tells one paid sample from another: texts in order and seed."""
    return f"{derive(one, two, seed):016x}"


def mood_file(notes: Path) -> Path:
    """The file that names the mood of the endpoint with these notes."""
    return notes.with_suffix(".mood")


def _mood(file: Path) -> str:
    try:
        return file.read_text()
    except FileNotFoundError:
        return ""


def _refusal(*, busy: bool) -> web.Response:
    if busy:
        return web.json_response({"error": {"message": "overloaded"}}, status=503)
    error = {"error": {"message": "rate limit reached"}}
    return web.json_response(error, status=429, headers={"Retry-After": "1"})


def _completion(one: str, two: str, seed: int, counts: tuple[Any, ...]) -> web.Response:
    verdict = sample(one, two, seed)
    prompt, cached, completion = counts
    message = {"role": "assistant", "content": written(verdict, seed)}
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return web.json_response({"id": "x", "model": "chaos", "choices": [choice], "usage": usage})


async def serve(endpoint: Endpoint, port: int) -> None:
    """Answers at this port until it is cancelled."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    await asyncio.Event().wait()


def main() -> None:
    """Serves until it is killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--mean", type=float, required=True)
    parser.add_argument("--notes", type=Path, required=True)
    parser.add_argument("--calm", action="store_true")
    given = parser.parse_args()
    endpoint = Endpoint(given.seed, given.mean, given.notes, calm=given.calm)
    asyncio.run(serve(endpoint, given.port))


if __name__ == "__main__":
    main()
