"""Whether the server can work, and its numbers for Prometheus."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from rrm_queue import __version__
from rrm_queue.web.responses import json_response
from rrm_queue.web.serving import Served

router = APIRouter(tags=["server"])


@router.get("/health", summary="Whether store and broker answer")
async def health(served: Served) -> Response:
    """200 when both do, else 503. It needs no token. The answer is at most a second old."""
    found = await served.pulse.look()
    well = found.store and found.broker and not served.stopping.is_set()
    shape = {
        "status": "ok" if well else "unavailable",
        "store": found.store,
        "broker": found.broker,
        "stopping": served.stopping.is_set(),
        "version": __version__,
    }
    return json_response(shape, 200 if well else 503, None if well else {"Retry-After": "5"})


@router.get("/metrics", summary="Numbers for Prometheus", response_class=Response)
async def metrics(served: Served) -> Response:
    """It needs a token, which may be one that only reads."""
    return Response(served.metrics.text(), media_type=CONTENT_TYPE_LATEST)
