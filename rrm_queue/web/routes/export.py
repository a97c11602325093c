"""A job's results as files: exports and the report."""

import tempfile
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from rrm_queue.actions.export import ExportRequest, export
from rrm_queue.exports import KINDS
from rrm_queue.exports.battles import Columns
from rrm_queue.exports.preferences import Pairs, Rating
from rrm_queue.exports.rankings import Per
from rrm_queue.exports.rewards import Reward
from rrm_queue.views.style import Control
from rrm_queue.web.responses import LINES, held_response
from rrm_queue.web.routes.parameters import Job
from rrm_queue.web.serving import Served

router = APIRouter(tags=["results"])

Kind = StrEnum("Kind", list(KINDS))  # type: ignore[misc]  # its members are the table's rows


class Format(StrEnum):
    """The formats of an export, named as a file's ending is."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {
    Format.JSONL: LINES,
    Format.CSV: "text/csv",
    Format.PARQUET: "application/vnd.apache.parquet",
}

REPORT_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"
)
"""A report may run its own script, and reaches neither this server nor any other."""


def write_to_file(
    write: Callable[[Path], object], ending: str, media: str, **headers: str
) -> Response:
    """The file that `write` makes, in a folder that is gone before it is sent."""
    with tempfile.TemporaryDirectory(prefix="rrmq-") as folder:
        path = Path(folder, f"response{ending}")
        write(path)
        held = path.open("rb")
    held.seek(0, 2)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return held_response(held, media, named)


@router.get(
    "/jobs/{job}/export",
    summary="Export a job's results for other programs",
    response_class=Response,
)
async def export_job(
    served: Served,
    job: Job,
    kind: Annotated[Kind, Query(alias="as", description="What to write.")],
    format_: Annotated[Format, Query(alias="format")] = Format.JSONL,
    defuse: Annotated[
        bool, Query(description="Put ' before CSV texts that a spreadsheet would run as formulas.")
    ] = False,
    drop_tied: Annotated[bool | None, Query(description="best: none by a coin or a tie.")] = None,
    pairs: Annotated[Pairs | None, Query(description="preferences: which pairs.")] = None,
    rating: Annotated[Rating | None, Query(description="preferences: the margin's rating.")] = None,
    margin: Annotated[float | None, Query(description="preferences: the least difference.")] = None,
    most: Annotated[int | None, Query(ge=1, description="preferences: pairs of a prompt.")] = None,
    transitive: Annotated[bool | None, Query(description="preferences: pairs that follow.")] = None,
    messages: Annotated[bool | None, Query(description="preferences: as chat messages.")] = None,
    per: Annotated[Per | None, Query(description="rankings: what a row holds.")] = None,
    reward: Annotated[Reward | None, Query(description="rewards: the kind of reward.")] = None,
    control: Annotated[
        Control | None, Query(description="rewards: also with control for it; with reward=bt.")
    ] = None,
    battle_columns: Annotated[Columns | None, Query(description="battles: the columns.")] = None,
) -> Response:
    """The rows of `rrmq export`, as JSON lines, CSV or Parquet; docs/exports.md lists them.

    Tournaments without a result are left out.
    """
    options: dict[str, Any] = {
        "drop_tied": drop_tied, "pairs": pairs, "rating": rating, "margin": margin, "most": most,
        "transitive": transitive, "messages": messages, "per": per, "reward": reward,
        "battle_columns": battle_columns, "control": control,
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}

    def write(path: Path) -> None:
        export(served.app, job, ExportRequest(str(kind), given, path, force=False, defuse=defuse))

    attachment = f'attachment; filename="{kind}.{format_}"'
    return await served.call_heavy(
        write_to_file, write, f".{format_}", MEDIA_TYPES[format_], Content_Disposition=attachment
    )


@router.get("/jobs/{job}/report", summary="A job as one HTML page", response_class=Response)
async def report(
    served: Served,
    job: Job,
    tournaments: Annotated[int, Query(ge=0, le=100_000, description="How many to show.")] = 200,
    tournament: Annotated[
        list[str] | None, Query(description="A tournament to show in any case.")
    ] = None,
    size: Annotated[int, Query(ge=1, le=1000, description="Megabytes of texts.")] = 20,
    texts: Annotated[bool, Query(description="Prompts, answers and reasoning as well.")] = True,
) -> Response:
    """The page that `rrmq report` writes; it loads nothing from elsewhere."""
    from rrm_queue.actions.report.write import ReportRequest, write_report  # it loads SciPy

    def write(path: Path) -> None:
        write_report(
            served.app, job, ReportRequest(path, tournaments, tournament or (), size, texts=texts)
        )

    return await served.call_heavy(
        write_to_file, write, ".html", "text/html", Content_Security_Policy=REPORT_POLICY
    )
