"""An OpenAI-compatible endpoint on loopback that answers as a test wants, and a panel at it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from rrm_queue.domain import JudgeSpec, Voting
from rrm_queue.judging.batch_runner import BatchRunner
from rrm_queue.judging.engines.base import EngineSettings
from rrm_queue.judging.sampler import RetryPolicy
from rrm_queue.messages import Answer, BatchMatch, JudgeBatch, MatchReport, Question

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def completion(content: str | None, **more: Any) -> web.Response:
    choice: dict[str, Any] = {
        "message": {"role": "assistant", "content": content},
        "finish_reason": "stop",
    }
    choice["message"].update(more.pop("message", {}))
    choice.update(more.pop("choice", {}))
    return web.json_response({"id": "x", "model": "judge-1", "choices": [choice], **more})


@asynccontextmanager
async def endpoint(handler: Handler) -> AsyncIterator[str]:
    """The base URL of an endpoint that answers as `handler` does."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()


def answering(response: Callable[[], web.Response]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return response()

    return handler


def judged(
    handler: Handler,
    *,
    voting: Voting | None = None,
    matches: int = 1,
    concurrency: int = 8,
    attempts: int = 3,
) -> list[MatchReport]:
    """The reports of a panel whose votes all come from the endpoint."""
    reports: list[MatchReport] = []

    async def report(one: MatchReport) -> None:
        reports.append(one)

    async def run() -> None:
        async with endpoint(handler) as base_url:
            retries = RetryPolicy(attempts=attempts, first_wait=0.01, longest_wait=0.05, least=0.0)
            panel = BatchRunner(EngineSettings(), concurrency=concurrency, retries=retries)
            try:
                await panel.judge(batch_for(base_url, voting or Voting(), matches), report)
            finally:
                await panel.close()

    asyncio.run(run())
    return sorted(reports, key=lambda one: one.match)


def batch_for(base_url: str, voting: Voting, matches: int = 1) -> JudgeBatch:
    answers = [Answer(number, str(number), f"answer-{number}") for number in range(matches + 1)]
    return JudgeBatch(
        batch=1,
        job="job",
        judge=JudgeSpec("openai", "model", base_url=base_url),
        questions=[Question("t", "prompt", None, answers)],
        matches=[BatchMatch(number, number, number + 1) for number in range(matches)],
        voting=voting,
        seed=1,
    )


async def shown_first(request: web.Request) -> str:
    user = (await request.json())["messages"][1]["content"]
    return str(user.split("### Assistant 1\n\n")[1].split("\n")[0])
