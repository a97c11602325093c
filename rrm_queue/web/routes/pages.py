"""The description of every route as a page."""

from functools import lru_cache

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, Response

from rrm_queue.web.docs_page import Page, docs_page

router = APIRouter(include_in_schema=False)

DOCS = "/docs"


@router.get(DOCS)
async def docs(request: Request) -> Response:
    """The page of all routes."""
    page = _page(request.app)
    return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})


@lru_cache(1)
def _page(api: FastAPI) -> Page:
    return docs_page(api.openapi())
