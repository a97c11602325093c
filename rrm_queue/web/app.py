"""The web application: the routers, the problems and the gate in front of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Security
from fastapi.security import HTTPBearer
from starlette.types import ASGIApp

from rrm_queue import __version__
from rrm_queue.web.gate import PREFIX, Gate
from rrm_queue.web.pages.routers import PAGES
from rrm_queue.web.problems import MEDIA_TYPE, register_problems
from rrm_queue.web.routes import (
    compare,
    control,
    events,
    export,
    health,
    jobs,
    judging,
    open_jobs,
    pages,
    ranking,
    results,
    rewards,
    submit,
    trainers,
)
from rrm_queue.web.serving import Serving

ROUTERS: tuple[APIRouter, ...] = (
    submit.router,
    open_jobs.router,
    ranking.router,
    rewards.router,
    trainers.router,
    jobs.router,
    events.router,
    results.router,
    compare.router,
    export.router,
    control.router,
    judging.router,
)
"""Every router under /v1; all of it needs a token."""

SUMMARY = "Rank language-model answers with a judge that reads two at a time."

PROBLEM: dict[str, Any] = {
    "description": "A problem document (RFC 9457).",
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "type": "object",
                "required": ["type", "title", "status", "detail"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                },
            }
        }
    },
}


def create_web(serving: Serving) -> ASGIApp:
    """The application, behind its gate."""
    return Gate(create_api(serving), serving)


def create_api(serving: Serving | None = None) -> FastAPI:
    """The routes; without a server only their description can be asked for."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        if serving is not None:
            serving.close()

    api = FastAPI(
        title="rrmq",
        summary=SUMMARY,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": PROBLEM, "5XX": PROBLEM},
    )
    api.state.serving = serving
    register_problems(api)
    api.include_router(health.router)
    for router in (pages.router, *PAGES):
        api.include_router(router)
    token = Security(HTTPBearer(auto_error=False, description="A token of RRMQ_API_TOKENS."))
    for router in ROUTERS:
        api.include_router(router, prefix=PREFIX, dependencies=[token])
    return api
