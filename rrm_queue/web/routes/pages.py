"""The pages for a browser: the address that is printed, and the description of every route."""

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rrm_queue.web.access import Right, cookie_name
from rrm_queue.web.docs_page import Page, docs_page
from rrm_queue.web.problems import Refused
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

DOCS = "/docs"


@router.get("/")
async def root(
    served: Served, request: Request, token: Annotated[str | None, Query()] = None
) -> Response:
    """Takes the token out of the address and keeps it in a cookie, by which the browser reads."""
    answer = RedirectResponse(DOCS, 303)
    if token is not None:
        if served.access.right(token) is Right.NONE:
            raise Refused(401, "this token is not known")
        answer.set_cookie(cookie_name(request.scope), token, httponly=True, samesite="strict")
    return answer


@router.get(DOCS)
async def docs(request: Request) -> Response:
    """The page of all routes."""
    page = _page(request.app)
    return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})


@lru_cache(1)
def _page(api: FastAPI) -> Page:
    return docs_page(api.openapi())
