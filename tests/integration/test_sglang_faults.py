"""The SGLang engine against faults that the real server cannot be made to show."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from kit.waiting import PATIENCE

from rrm_queue.domain import JudgeSpec, Verdict, Vote
from rrm_queue.errors import JudgeFault, PermanentFault, TransientFault
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.engines.sglang.engine import SglangEngine
from rrm_queue.judging.vote_request import VoteRequest
from rrm_queue.messages import Answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUEST = VoteRequest(
    tournament="t",
    prompt="Which?",
    reference=None,
    one=Answer(0, "a", "one"),
    two=Answer(1, "b", "two"),
    number=1,
    seed=1,
    swapped=False,
    judge=JudgeSpec("sglang", "tiny", max_tokens=64),
)
INFO = {"version": "0.5.15", "max_req_input_len": 1000, "max_total_num_tokens": 5000}
TEXT = "so</think>\\boxed{Assistant 2}"
SHORT = 0.5
"""Seconds of silence after which a test sees a server given up; short answers must come in them."""


def event(text: str | None, finish: dict[str, Any] | None = None, **more: Any) -> bytes:
    meta = {"finish_reason": finish, "prompt_tokens": 3, "completion_tokens": 2} | more
    return b"data: " + json.dumps({"text": text, "meta_info": meta}).encode() + b"\n\n"


WHOLE = event("so") + event(TEXT, {"type": "stop"}) + b"data: [DONE]\n\n"


@asynccontextmanager
async def server(
    generate: Handler,
    *,
    loads: Handler | None = None,
    info: dict[str, Any] = INFO,
    no_tokenize: Handler | None = None,
) -> AsyncIterator[tuple[str, list[str]]]:
    """The address of a server that generates as `generate` does, and the requests it aborted."""
    aborted: list[str] = []

    async def tokenize(request: web.Request) -> web.Response:
        chat = (await request.json())["messages"]
        return web.json_response({"tokens": list(chat[-1]["content"].encode())[-300:]})

    async def chat(request: web.Request) -> web.Response:
        assert (await request.json())["return_prompt_token_ids"]
        return web.json_response({"choices": [{"prompt_token_ids": [1, 2, 3]}]})

    async def server_info(request: web.Request) -> web.Response:
        return web.json_response(info)

    async def idle(request: web.Request) -> web.Response:
        return web.json_response({"loads": [{"max_running_requests": 4}]})

    async def abort(request: web.Request) -> web.Response:
        aborted.append((await request.json())["rid"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/generate", generate)
    app.router.add_post("/tokenize", no_tokenize or tokenize)
    app.router.add_post("/v1/chat/completions", chat)
    app.router.add_get("/server_info", server_info)
    app.router.add_get("/v1/loads", loads or idle)
    app.router.add_post("/abort_request", abort)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}", aborted
    finally:
        await runner.cleanup()


async def asked(url: str, *, silence: float = PATIENCE) -> Vote:
    engine = SglangEngine(EngineSettings(sglang_url=url), silence=silence)
    try:
        return await engine.vote(REQUEST)
    finally:
        await engine.close()


def streaming(*pieces: bytes, then: Callable[[], Awaitable[object]] | None = None) -> Handler:
    """A handler that sends the pieces one by one, and waits before it ends its answer."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if then is not None:
            await then()
        return response

    return handler


def answering(status: int, body: str) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    return handler


def vote_from(generate: Handler, **options: Any) -> Vote:
    async def run() -> Vote:
        async with server(generate, **options) as (url, _):
            return await asked(url)

    return asyncio.run(run())


def test_a_stream_is_read_however_it_is_cut_up() -> None:
    pieces = [WHOLE[at : at + 7] for at in range(0, len(WHOLE), 7)]
    vote = vote_from(streaming(*pieces))
    assert (vote.verdict, vote.text) == (Verdict.SECOND, TEXT)


def test_a_server_that_streams_increments_has_them_joined() -> None:
    stream = event(TEXT[:5]) + event(TEXT[5:], {"type": "stop"}) + b"data: [DONE]\n\n"
    vote = vote_from(streaming(stream), info=INFO | {"incremental_streaming_output": True})
    assert (vote.verdict, vote.text) == (Verdict.SECOND, TEXT)


def test_a_text_that_no_database_can_hold_is_made_to_fit() -> None:
    stream = event("\0" + TEXT, {"type": "stop"}) + b"data: [DONE]\n\n"
    assert vote_from(streaming(stream)).text == "\N{REPLACEMENT CHARACTER}" + TEXT


def test_a_vote_names_the_weights_that_its_text_came_from() -> None:
    """They may be replaced while requests are in flight."""

    def model(*, of_server: str, of_text: str) -> str:
        stream = event(TEXT, {"type": "stop"}, weight_version=of_text) + b"data: [DONE]\n\n"
        return vote_from(streaming(stream), info=INFO | {"weight_version": of_server}).model

    assert model(of_server="1", of_text="2") == model(of_server="2", of_text="2")
    assert model(of_server="1", of_text="1") != model(of_server="1", of_text="2")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_server_that_does_not_tokenise_gives_token_ids_by_chat(status: int) -> None:
    vote = vote_from(streaming(WHOLE), no_tokenize=answering(status, "no"))
    assert (vote.verdict, vote.slot_tokens) == (Verdict.SECOND, 0)


FAULTS = {
    "500": (answering(500, "boom"), TransientFault),
    "503": (answering(503, "draining"), TransientFault),
    "429": (answering(429, "slow down"), TransientFault),
    "400": (answering(400, '{"error": {"message": "bad\\nregex"}}'), PermanentFault),
    "garbage": (answering(200, "<html>what?</html>"), TransientFault),
    "garbage event": (streaming(b"data: {\xff}\n\n"), TransientFault),
    "no text": (streaming(event(None)), TransientFault),
    "nothing": (streaming(), TransientFault),
    "half a body": (streaming(event("so"), WHOLE[:40]), TransientFault),
    "no end": (streaming(event("so"), b"data: [DONE]\n\n"), TransientFault),
    "out of memory": (
        streaming(event("", {"type": "abort", "message": "no memory", "status_code": 500})),
        TransientFault,
    ),
    "aborted": (streaming(event("so", {"type": "abort"})), TransientFault),
    "bad grammar": (
        streaming(event("", {"type": "abort", "message": "bad regex", "status_code": 400})),
        PermanentFault,
    ),
    "error event": (
        streaming(b'data: {"error": {"message": "too long", "code": 400}}\n\ndata: [DONE]\n\n'),
        PermanentFault,
    ),
}


@pytest.mark.parametrize(("generate", "kind"), FAULTS.values(), ids=FAULTS)
def test_nothing_is_scored_that_was_not_read(generate: Handler, kind: type[JudgeFault]) -> None:
    with pytest.raises(JudgeFault) as fault:
        vote_from(generate)
    assert type(fault.value).__mro__.index(kind) >= 0
    assert "\n" not in str(fault.value)


def test_a_connection_that_is_lost_in_the_middle_is_a_transient_fault() -> None:
    async def generate(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(event("so"))
        assert request.transport is not None
        request.transport.abort()
        return response

    with pytest.raises(TransientFault):
        vote_from(generate)


@pytest.mark.parametrize("begun", [True, False], ids=["after its first words", "at once"])
def test_a_server_that_falls_silent_is_given_up_and_told_so(begun: bool) -> None:
    async def never(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    generate = streaming(event("so"), then=asyncio.Event().wait) if begun else never

    async def run() -> list[str]:
        async with server(generate) as (url, aborted):
            with pytest.raises(TransientFault, match="no progress"):
                await asked(url, silence=SHORT)
            return aborted

    assert len(asyncio.run(run())) == 1


def test_a_request_that_waits_its_turn_is_not_given_up() -> None:
    ticks = 0
    enough = asyncio.Event()

    async def busy(request: web.Request) -> web.Response:
        nonlocal ticks
        ticks += 1
        if ticks > 5:
            enough.set()
        load = {"max_running_requests": 4, "num_waiting_reqs": 1, "num_used_tokens": ticks}
        return web.json_response({"loads": [load]})

    async def generate(request: web.Request) -> web.StreamResponse:
        await enough.wait()
        return await streaming(WHOLE)(request)

    async def run() -> Vote:
        async with server(generate, loads=busy) as (url, _):
            return await asked(url, silence=SHORT)

    assert asyncio.run(run()).verdict is Verdict.SECOND
    assert ticks > 5


def test_requests_begun_are_held_to_what_the_server_can_use() -> None:
    most = now = 0

    async def generate(request: web.Request) -> web.StreamResponse:
        nonlocal most, now
        now += 1
        most = max(most, now)
        for _ in range(20):
            await asyncio.sleep(0)
        now -= 1
        return await streaming(WHOLE)(request)

    async def run() -> None:
        async with server(generate) as (url, _):
            engine = SglangEngine(EngineSettings(sglang_url=url, share_prefixes=False))
            await asyncio.gather(*(engine.vote(REQUEST) for _ in range(40)))
            await engine.close()

    asyncio.run(run())
    assert 1 < most <= 5


def test_nobody_listening_is_a_transient_fault_and_no_server_a_permanent_one() -> None:
    with pytest.raises(TransientFault):
        asyncio.run(asked("http://127.0.0.1:9"))
    with pytest.raises(PermanentFault):
        asyncio.run(asked(""))
