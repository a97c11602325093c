"""The files that pages load: styles and scripts, each under an address that names its content."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

router = APIRouter(include_in_schema=False)

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}

STYLE = "pages.css"
"""The style of the pages; before it stands that of the parts which the report has too."""

NAMES = frozenset({STYLE, "live.js", "judge.js", "idiomorph.min.js", "submit.js"})

FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""An address names the content, so what lies behind it never changes."""


@cache
def content(name: str) -> str:
    """The file's text."""
    from rrm_queue.reports.page import parts_style  # it loads SciPy

    text = (files("rrm_queue.web") / "assets" / name).read_text(encoding="utf-8")
    return parts_style() + text if name == STYLE else text


@cache
def address(name: str) -> str:
    """Where the file is."""
    return f"/assets/{sha256(content(name).encode()).hexdigest()[:16]}/{name}"


@router.get("/assets/{digest}/{name}")
async def asset(digest: str, name: str) -> Response:
    """The file."""
    if name not in NAMES or address(name) != f"/assets/{digest}/{name}":
        raise HTTPException(404, "there is no such file")
    return Response(content(name), media_type=TYPES[name.rpartition(".")[2]], headers=FOREVER)
