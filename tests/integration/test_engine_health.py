"""When an engine counts as hung: a server whose load never changes, with and without computing."""

import asyncio
import sys
import time
from collections.abc import Callable

import pytest
from aiohttp import web
from kit.waiting import PATIENCE
from rrm_worker import health as health_module
from rrm_worker.engine_process import EngineProcess
from rrm_worker.health import Health

LOAD = {"loads": [{"num_running_reqs": 1, "num_waiting_reqs": 5, "num_used_tokens": 10}]}


async def stuck(request: web.Request) -> web.Response:
    return web.json_response(LOAD)


def down_after(
    monkeypatch: pytest.MonkeyPatch,
    cpu_seconds: Callable[[], float] | None,
    *,
    slow_seconds: float = PATIENCE,
) -> tuple[str, float]:
    """Why an engine that makes no progress is down, and after how many seconds."""
    monkeypatch.setattr(health_module, "POLL_SECONDS", 0.05)

    async def run() -> tuple[str, float]:
        app = web.Application()
        app.router.add_get("/v1/loads", stuck)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        url = f"http://{host}:{port}"
        clock = asyncio.get_running_loop().time
        try:
            async with Health(
                url, stalled_seconds=1, slow_seconds=slow_seconds, cpu_seconds=cpu_seconds
            ) as health:
                began = clock()
                return await health.until_down(), clock() - began
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def test_an_engine_that_neither_progresses_nor_computes_is_hung(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    why, seconds = down_after(monkeypatch, lambda: 7.0)
    assert why.startswith("no progress for")
    assert seconds < PATIENCE


def test_an_engine_that_computes_is_only_slow_for_much_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used = 0.0

    def computing() -> float:
        nonlocal used
        used += 0.2
        return used

    _, seconds = down_after(monkeypatch, computing, slow_seconds=3)
    assert seconds >= 3


def test_an_engine_that_gets_little_of_a_processor_is_only_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def starved() -> float:
        return 0.6 * time.monotonic()  # from poll to poll no more than answers may take

    _, seconds = down_after(monkeypatch, starved, slow_seconds=3)
    assert seconds >= 3


def test_answering_polls_is_not_computing(monkeypatch: pytest.MonkeyPatch) -> None:
    used = 0.0

    def answering() -> float:
        nonlocal used
        used += 0.004
        return used

    _, seconds = down_after(monkeypatch, answering)
    assert seconds < PATIENCE


def test_a_server_of_another_machine_is_given_the_longer_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, seconds = down_after(monkeypatch, None, slow_seconds=3)
    assert seconds >= 3


@pytest.mark.slow
def test_the_cpu_time_of_a_command_is_that_of_all_its_processes() -> None:
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"

    async def run() -> None:
        process = EngineProcess([sys.executable, "-c", burn], {}, print)
        assert process.cpu_seconds() == 0
        await process.start()
        try:
            async with asyncio.timeout(PATIENCE):
                while process.cpu_seconds() < 1:
                    await asyncio.sleep(0.1)
        finally:
            await process.stop()
        assert process.cpu_seconds() == 0

    asyncio.run(run())
