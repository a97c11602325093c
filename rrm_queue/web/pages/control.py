"""What a reader does to jobs by a form: one or several at once."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from rrm_queue.actions import control
from rrm_queue.actions.app import App
from rrm_queue.errors import Conflict, JobNotFound
from rrm_queue.text import count
from rrm_queue.web.problems import Refused
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)

VERBS: Mapping[str, Callable[[App, str], Any]] = {
    "pause": control.pause,
    "resume": control.resume,
    "retry": control.retry_failed,
    "cancel": control.cancel,
    "delete": control.delete_ended,
}
"""What can be done to a job."""

MOST = 1000
"""Jobs at once."""


PAST = {
    "pause": "paused", "resume": "resumed", "retry": "retried",
    "cancel": "cancelled", "delete": "deleted",
}  # fmt: skip

TOLD = frozenset({"verb", "done", "left"})
"""The parameters by which the next page tells what was done."""


def told(request: Request) -> str:
    """What was done, by the parameters of the address; empty where nothing was."""
    asked = request.query_params
    past, done, left = PAST.get(asked.get("verb", "")), asked.get("done", ""), asked.get("left", "")
    if past is None or not (done + left).isdecimal() or len(done + left) > 9:
        return ""
    rest = f" {count(int(left), 'job')} stayed as before." if int(left) else ""
    return f"{count(int(done), 'job')} {past}.{rest}"


@router.post("/control")
async def change(
    served: Served,
    verb: Annotated[str, Form()] = "",
    job: Annotated[list[str] | None, Form()] = None,
    back: Annotated[str, Form()] = "/jobs",
) -> Response:
    """Does it to each of the jobs, and shows how many it was done to."""
    ids = (job or [])[:MOST]
    if verb not in VERBS:
        raise Refused(422, f"'{verb}' is nothing that can be done to a job")
    done = await served.call(_each, served.app, verb, ids)
    if verb == "delete" or not back.startswith("/jobs"):
        back = "/jobs"
    told = urlencode({"verb": verb, "done": done, "left": len(ids) - done})
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{told}", 303)


def _each(app: App, verb: str, ids: list[str]) -> int:
    """How many of the jobs were changed; one that is gone or cannot be changed is left."""
    changed = 0
    for one in ids:
        try:
            found = VERBS[verb](app, one)
        except (Conflict, JobNotFound):
            continue
        changed += getattr(found, "done", True) is not False
    return changed
