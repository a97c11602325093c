"""Responses with the command's JSON: one object, or one object a line."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import IO, Any

from anyio import to_thread
from starlette.responses import Response, StreamingResponse

from rrm_queue.actions.schemas import json_line

JSON = "application/json"
LINES = "application/jsonl"

IN_MEMORY = 1_000_000
"""Bytes of a response from which on it is kept on the disk while it is sent."""

PART = 256_000
"""Bytes that are sent at once."""


def json_response(
    shape: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """What the command prints with `--json`."""
    return Response(f"{json_line(shape)}\n", status, headers, JSON)


def lines_response(
    write: Callable[[Callable[[Mapping[str, Any]], None]], None],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One object a line: `write` is called with what writes an object.

    All of it is written before the first byte is sent. So an error is a problem document and never
    half a response, and a caller who reads slowly keeps no transaction of the store open.
    """
    with ExitStack() as failed:
        held = failed.enter_context(tempfile.SpooledTemporaryFile(IN_MEMORY))
        write(lambda shape: _write(held, shape))
        failed.pop_all()
    return held_response(held, LINES, headers)


def held_response(
    held: IO[bytes], media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """What was written to a temporary file, which is closed when it is sent or given up."""
    size = held.tell()
    held.seek(0)
    if size <= PART:
        with held:
            return Response(held.read(), 200, headers, media_type)
    return StreamingResponse(
        _parts(held), 200, {**(headers or {}), "Content-Length": str(size)}, media_type
    )


def _write(stream: IO[bytes], shape: Mapping[str, Any]) -> None:
    stream.write(json_line(shape).encode())
    stream.write(b"\n")


async def _parts(held: IO[bytes]) -> AsyncIterator[bytes]:
    with held:
        while part := await to_thread.run_sync(held.read, PART):
            yield part


def write_all(shapes: Iterable[Mapping[str, Any]]) -> Callable[..., None]:
    """What `lines_response` takes, of objects that are at hand."""

    def write(write_one: Callable[[Mapping[str, Any]], None]) -> None:
        for shape in shapes:
            write_one(shape)

    return write
