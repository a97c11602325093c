"""A judge that prefers the answer shown first, as cheap as it can be: `python stub_judge.py`.

It prints its port. The path says how long an answer takes: `/MEDIAN/SIGMA/v1/chat/completions`, in
seconds, lognormal. The n-th answer of a path takes the same time in each series, so that all sides
wait equally long; a GET of the path begins a series and tells how long its answers take together.
"""

import asyncio
import json
import math
import random
from collections import defaultdict
from collections.abc import Callable

REASON = (
    "The first answer follows the instruction and checks its result; the second leaves a case out."
)
_MESSAGE = {"role": "assistant", "content": f"{REASON * 8}\n\\boxed{{Assistant 1}}"}
_USAGE = {"prompt_tokens": 500, "completion_tokens": 200, "total_tokens": 700}
_CHOICE = {"index": 0, "finish_reason": "stop", "message": _MESSAGE}
_JUDGED = json.dumps({"id": "c", "model": "stub", "choices": [_CHOICE], "usage": _USAGE}).encode()
_SEED = 7


class Delays:
    """How long the answers of each path take."""

    def __init__(self) -> None:
        self._random = defaultdict[str, random.Random](lambda: random.Random(_SEED))
        self._told = defaultdict[str, float](float)

    def begin(self, path: str) -> float:
        """Begins a series; the seconds of all answers of the one before."""
        self._random.pop(path, None)
        return self._told.pop(path, 0.0)

    def draw(self, path: str) -> float:
        """The seconds of the next answer."""
        _, median, sigma, *_ = path.split("/")
        spread = float(sigma) * self._random[path].gauss(0, 1)
        seconds = float(median) * math.exp(spread)
        self._told[path] += seconds
        return seconds


class Judging(asyncio.Protocol):
    """One connection: a request after the other."""

    def __init__(self, delays: Delays) -> None:
        self._delays = delays
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream's is one
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers as soon as a request is whole."""
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank or len(body) < _length(head):
            return
        self._received = b""
        method, path, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        if method == "GET":
            self._say(json.dumps(self._delays.begin(path)).encode())
            return
        seconds = self._delays.draw(path)
        if seconds:
            asyncio.get_running_loop().call_later(seconds, self._say, _JUDGED)
        else:
            self._say(_JUDGED)

    def _say(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        if not self._transport.is_closing():
            self._transport.write(f"{head}\r\n\r\n".encode() + body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(ready: Callable[[int], None]) -> None:
    """Answers at a free port of the loopback until it is cancelled."""
    delays = Delays()
    server = await asyncio.get_running_loop().create_server(lambda: Judging(delays), "127.0.0.1", 0)
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(lambda port: print(port, flush=True)))
