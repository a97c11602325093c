"""Errors as problem documents (RFC 9457), with the same sentences as the command."""

import json
import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from rrm_queue.errors import (
    BadInput,
    BrokerUnavailable,
    Conflict,
    InputTooLarge,
    JobNotFound,
    LeaseNotFound,
    MatchNotFound,
    Option,
    Overloaded,
    RrmqError,
    SchemaMismatch,
    StackFault,
    StillRunning,
    StoreUnavailable,
    TournamentNotFound,
    UsageFault,
    spelled,
)

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

AWAY = 5
"""Seconds to wait before another try when a server behind this one does not answer."""

STATUSES: Mapping[type[RrmqError], int] = {
    JobNotFound: 404,
    TournamentNotFound: 404,
    MatchNotFound: 404,
    LeaseNotFound: 404,
    Conflict: 409,
    InputTooLarge: 413,
    BadInput: 422,
    UsageFault: 422,
    Overloaded: 503,
    BrokerUnavailable: 503,
    SchemaMismatch: 503,
    StackFault: 503,
    StoreUnavailable: 503,
    StillRunning: 504,
}
"""The status of each error; of a subclass, that of its nearest parent."""


class Refused(HTTPException):
    """A request that is turned away before an action sees it."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(
            status, detail, {name.replace("_", "-"): value for name, value in headers.items()}
        )


_OTHERWISE = {"mapping": "map", "kind": "as"}
"""The parameters that are not called as the option is."""


def parameter(option: Option) -> str:
    """An option as HTTP spells it, such as `order=both`."""
    name = _OTHERWISE.get(option.name, option.name)
    return name if option.value is None else f"{name}={option.value}"


def status_of(error: RrmqError) -> int:
    """The status of the response to a request that raised this error."""
    return next((STATUSES[kind] for kind in type(error).mro() if kind in STATUSES), 500)


def sentence_of(error: RrmqError) -> str:
    """What the command would print after `rrmq: `, with HTTP's names of the options."""
    if isinstance(error, UsageFault):
        return spelled(error.detail, parameter)
    return error.spelled(parameter)


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem document; `kind` ends its type, `more` are further members."""
    document = {
        "type": f"urn:rrmq:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(f"{json.dumps(document)}\n", status, headers, MEDIA_TYPE)


def problem_of(error: RrmqError) -> Response:
    """The problem document of an error that a user can cause, or that passes."""
    status, more = status_of(error), {}
    if isinstance(error, BadInput):
        more["problems"] = [
            {
                "source": problem.source or error.source,
                "line": problem.line,
                "reason": spelled(problem.reason, parameter),
            }
            for problem in error.problems
        ]
    headers = {}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        wait = error.retry_after if isinstance(error, Overloaded) else AWAY
        headers["Retry-After"] = str(wait)
    return problem(status, sentence_of(error), kind=_kind(type(error)), headers=headers, **more)


def register_problems(api: FastAPI) -> None:
    """Lets every error of a route end as a problem document."""

    @api.exception_handler(RrmqError)
    async def known(request: Request, error: RrmqError) -> Response:
        if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("%s", error)
        page = _page(request, status_of(error), sentence_of(error))
        return page or problem_of(error)

    @api.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        page = _page(request, error.status_code, str(error.detail))
        return page or problem(error.status_code, str(error.detail), headers=error.headers)

    @api.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        detail = "the server failed; its log has the reason beside the request's id"
        return _page(request, 500, detail) or problem(500, detail)

    @api.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        faults = [
            {"where": list(map(str, fault["loc"])), "reason": fault["msg"]}
            for fault in error.errors()
        ]
        words = "; ".join(f"{'.'.join(fault['where'][1:])}: {fault['reason']}" for fault in faults)
        return problem(422, words, kind="malformed-request", errors=faults)


def is_for_a_page(scope: Scope) -> bool:
    """Whether a browser wants to show a page."""
    accepted = Headers(scope=scope).get("accept", "")
    return "text/html" in accepted and not scope["path"].startswith("/v1")


def _page(request: Request, status: int, detail: str) -> Response | None:
    """The problem as a page; None for a caller that does not want to show one."""
    if not is_for_a_page(request.scope):
        return None
    from rrm_queue.web.pages.errors import error_page  # pages know of problems

    return error_page(request.scope, status, detail)


def _kind(error: type[RrmqError]) -> str:
    """The class's name as words, such as `job-not-found`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", error.__name__).lower()
