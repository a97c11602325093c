"""The page of the fleet: workers, coordinators, queues, and the broker's memory."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from rrm_queue.actions.doctor import memory_check
from rrm_queue.actions.fleet import fleet, fleet_words
from rrm_queue.errors import BrokerUnavailable
from rrm_queue.web.live import Page, Rendered
from rrm_queue.web.pages.respond import respond, right_of
from rrm_queue.web.pages.templates import render
from rrm_queue.web.serving import Served

router = APIRouter(include_in_schema=False)


@router.get("/fleet")
async def fleet_page(served: Served, request: Request) -> Response:
    """The fleet."""

    def make() -> Rendered:
        found, fault = None, ""
        try:
            found = fleet(served.app)
        except BrokerUnavailable as error:
            fault = str(error)
        memory = memory_check(found.memory) if found else None
        html = render("fleet.html.j2", fleet=found, memory=memory, fault=fault)
        return Rendered(html, None, lambda: fleet_words(served.app))

    page = Page(f"fleet {right_of(request).name}", None, make)
    return await respond(served, request, page, "Fleet", "fleet")
