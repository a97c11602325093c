"""Errors as a page, for a reader who opened an address."""

from http import HTTPStatus

from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from rrm_queue.web.access import Right
from rrm_queue.web.pages.templates import HEADERS, render, whole_page


def error_page(scope: Scope, status: int, detail: str) -> Response:
    """What went wrong, with the status of the problem."""
    title = HTTPStatus(status).phrase
    right = scope.get("state", {}).get("right", Right.NONE)
    content = render("error.html.j2", title=title, detail=detail)
    html = whole_page(content, title, right=right, current="")
    return HTMLResponse(html, status, headers=HEADERS)
