"""Submitting: files of prompts and answers become a job."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from rrm_queue.actions.estimate import Estimate, estimate, estimate_shape, with_history
from rrm_queue.actions.judges import served_files
from rrm_queue.actions.request import Request as Submitted
from rrm_queue.actions.request import request_of
from rrm_queue.actions.submit import Submission, submit
from rrm_queue.web.fields import FILES, NAME, EstimateFields, SubmitFields, submit_options
from rrm_queue.web.responses import json_response
from rrm_queue.web.routes.descriptions import SUBMISSION
from rrm_queue.web.serving import Served, Serving
from rrm_queue.web.uploads import Upload, received

router = APIRouter(tags=["jobs"])


@router.post(
    "/jobs",
    summary="Rank the answers of a file",
    status_code=201,
    openapi_extra={"requestBody": SUBMISSION},
)
async def create_job(
    served: Served,
    request: Request,
    options: Annotated[SubmitFields, Query()],
) -> Response:
    """The body is a file as `rrmq submit` reads it, or a form with parts `file`.

    Options are parameters of the query or fields of the form. Answers as `rrmq submit --json`
    prints it: 201 for a new job, 200 for the job that the same submission made before.
    """
    async with received(request, getattr(options, NAME)) as upload:
        submitted, warning = await served.call_heavy(submit_upload, served, upload, options)
    headers = {"Location": f"/v1/jobs/{submitted.job}"}
    if warning:
        headers["X-Rrmq-Warning"] = warning.encode("ascii", "backslashreplace").decode()
    return json_response(asdict(submitted), 201 if submitted.new else 200, headers)


def submit_upload(served: Serving, upload: Upload, fields: SubmitFields) -> Submission:
    """The job of an upload with the options of a query and a form. Raises what `submit` raises."""
    return submit(served.app, upload.sources, request_for(served, upload, fields))


def request_for(served: Serving, upload: Upload, fields: SubmitFields) -> Submitted:
    """What the query and the form ask for. Raises UsageFault."""
    with as_files(upload) as files:
        given = submit_options(fields, upload.texts, files)
        settings = served.app.settings
        return request_of(given, settings.openai_base_url, served_files(settings.home))


@router.post(
    "/estimates",
    summary="What a submission would take",
    openapi_extra={"requestBody": SUBMISSION},
)
async def estimate_job(
    served: Served,
    request: Request,
    options: Annotated[EstimateFields, Query()],
) -> Response:
    """The same body and options as for a job; they are read and checked, and nothing is stored.

    Answers as `rrmq submit --dry-run --json` prints it.
    """
    async with received(request, getattr(options, NAME)) as upload:
        estimated = await served.call_heavy(_estimate, served, upload, options)
    return json_response(estimate_shape(estimated))


def _estimate(served: Serving, upload: Upload, fields: EstimateFields) -> Estimate:
    submission = request_for(served, upload, fields)
    most = served.app.settings.max_input
    found = estimate(upload.sources, submission, fields.agreement, most)
    return with_history(served.app, found, submission, fields.rate, fields.gpus)


@contextmanager
def as_files(upload: Upload) -> Iterator[Mapping[str, str]]:
    """The options of a form that are files, with a path each; gone when the context ends.

    A part may have such an option as a file or as a text.
    """
    texts = {name: BytesIO(upload.texts[name][-1].encode()) for name in FILES & upload.texts.keys()}
    with tempfile.TemporaryDirectory(prefix="rrmq-") as folder:
        paths = {}
        for number, (name, part) in enumerate((upload.others | texts).items()):
            paths[name] = str(Path(folder, str(number)))
            with Path(paths[name]).open("wb") as file:
                shutil.copyfileobj(part, file)
        yield paths
