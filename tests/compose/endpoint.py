"""A judge behind the OpenAI protocol that is slow as judges are, for the fleet of the test.

What it says depends on the texts, their order and the seed alone, so that two runs can be compared;
it reasons in words of real judges, read from a file of JSON lines with `text`, so that what is
stored has its real size. It runs in a container and beside it: nothing but aiohttp is imported.
"""

import argparse
import asyncio
import json
import re
from hashlib import blake2b
from pathlib import Path

from aiohttp import web

_SLOTS = re.compile(r"### Assistant 1\n\n(.*?)\n\n\n### Assistant 2\n\n(.*)", re.S)
_BOXES = ("\\boxed{Assistant 1}", "\\boxed{Assistant 2}")


class Endpoint:
    """Answers after `seconds` on average, half to three halves of it, with some `characters`."""

    def __init__(self, texts: list[str], seconds: float, characters: int) -> None:
        self._texts, self._seconds, self._characters = texts, seconds, characters
        self.asked = 0

    async def complete(self, request: web.Request) -> web.Response:
        """One vote."""
        body = await request.json()
        self.asked += 1
        slots = _SLOTS.search(body["messages"][-1]["content"])
        if slots is None:
            return web.json_response({"error": {"message": "no answers"}}, status=400)
        seed = str(body["seed"])
        await asyncio.sleep(self._seconds * (0.5 + _share("slow", slots[1], slots[2], seed)))
        return _completion(self._thoughts(seed) + _BOXES[_preferred(slots[1], slots[2], seed)])

    async def count(self, _request: web.Request) -> web.Response:
        """How many votes were asked for; also how it is known that this is up."""
        return web.json_response({"asked": self.asked})

    def _thoughts(self, seed: str) -> str:
        said: list[str] = []
        while sum(map(len, said)) < self._characters:
            said.append(self._texts[int(_share("text", seed, str(len(said))) * len(self._texts))])
        return "<think>\n" + "\n\n".join(said).replace("\\boxed", "boxed") + "\n</think>\n\n"


def _preferred(one: str, two: str, seed: str) -> int:
    """0 or 1: mostly what this judge thinks better, now and then the other, by the seed."""
    upset = _share("upset", one, two, seed) < 0.15
    return int((_share("worth", one) < _share("worth", two)) is not upset)


def _share(*words: str) -> float:
    """A number in [0, 1) that the words alone decide."""
    hashed = blake2b("\0".join(words).encode(), digest_size=7).digest()
    return int.from_bytes(hashed) / 2**56


def _completion(text: str) -> web.Response:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 900, "completion_tokens": len(text) // 4}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return web.json_response({"id": "x", "model": "test", "choices": [choice], "usage": usage})


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--characters", type=int, required=True)
    given = parser.parse_args()
    texts = [json.loads(line)["text"] for line in given.texts.read_text().splitlines()]
    endpoint = Endpoint(texts, given.seconds, given.characters)
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    app.router.add_get("/asked", endpoint.count)
    web.run_app(app, host=given.host, port=given.port, print=None, access_log=None)


if __name__ == "__main__":
    main()
