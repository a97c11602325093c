"""Access for a browser: a token becomes a cookie that no script can read."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rrm_queue.web.access import Right, cookie_name, sent_by_own_page
from rrm_queue.web.pages.templates import HEADERS, render, whole_page
from rrm_queue.web.problems import Refused
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

FIRST = "/jobs"
"""The page that is shown first."""


def sign_in_page(back: str = FIRST, *, wrong: bool = False) -> Response:
    """The page that asks for a token, and goes on to the page `back`."""
    content = render("sign_in.html.j2", back=back, wrong=wrong)
    html = whole_page(content, "Sign in", right=Right.NONE, current="")
    return HTMLResponse(html, 401, headers=HEADERS)


@router.get("/")
async def root(
    served: Served, request: Request, token: Annotated[str | None, Query()] = None
) -> Response:
    """Takes the token out of the address and keeps it in a cookie."""
    if token is None:
        return RedirectResponse(FIRST, 303)
    if served.access.right(token) is Right.NONE:
        raise Refused(401, "this token is not known")
    return _signed_in(request, token, FIRST)


@router.post("/sign-in")
async def sign_in(
    served: Served,
    request: Request,
    token: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = FIRST,
) -> Response:
    """Keeps the token in a cookie, if it is one of the server's."""
    _check_own(request)
    back = back if back.startswith("/") and not back.startswith(("//", "/\\")) else FIRST
    token = token.strip()
    if served.access.right(token) is Right.NONE:
        return sign_in_page(back, wrong=True)
    return _signed_in(request, token, back)


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Forgets the token."""
    _check_own(request)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(cookie_name(request.scope), httponly=True, samesite="strict")
    return answer


def _check_own(request: Request) -> None:
    """Raises Refused for a form of another site."""
    if not sent_by_own_page(Headers(scope=request.scope)):
        raise Refused(403, "this form came from another site")


def _signed_in(request: Request, token: str, back: str) -> Response:
    answer = RedirectResponse(back, 303)
    answer.set_cookie(
        cookie_name(request.scope),
        token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer
