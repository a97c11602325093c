"""The body of a submission: files, kept on the disk, and the options beside them."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from rrm_queue.intake.reader import Source
from rrm_queue.text import printable
from rrm_queue.web.body import FORM
from rrm_queue.web.problems import Refused

FILE = "file"
"""The name of the parts that hold files of answers."""

MOST_FILES = 100
MOST_FIELDS = 200

BODY = "request"
"""What a body is called that has no name of a file."""

IN_MEMORY = 1_000_000
"""Bytes of a body from which on it is kept on the disk."""


@dataclass(frozen=True)
class Upload:
    """What came: files of answers, other files by name, and texts by name."""

    sources: list[Source]
    others: dict[str, BinaryIO] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)


@asynccontextmanager
async def received(request: Request, name: str | None) -> AsyncIterator[Upload]:
    """The whole body: a form of files and texts, or else one file, which is called `name`.

    Its files are gone when the context ends. Raises Refused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        try:
            form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
        except MultiPartException as error:
            raise Refused(400, error.message) from None
        try:
            yield _sorted(form)
        finally:
            await form.close()
        return
    async with _spooled(request) as stream:
        yield Upload([Source(printable(name or BODY), stream)])


def _sorted(form: FormData) -> Upload:
    """The parts of a form. Raises Refused unless one of them is a file of answers."""
    upload = Upload([])
    for name, part in form.multi_items():
        if isinstance(part, str):
            upload.texts.setdefault(name.replace("-", "_"), []).append(part)
        elif name == FILE:
            upload.sources.append(Source(printable(part.filename or BODY), part.file))
        else:
            upload.others[name.replace("-", "_")] = part.file
    if not upload.sources:
        raise Refused(422, f"the form has no part `{FILE}` with a file name")
    return upload


@asynccontextmanager
async def _spooled(request: Request) -> AsyncIterator[BinaryIO]:
    """The body as a file: in memory while it is small, then on the disk."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as spool:
        file = UploadFile(cast("BinaryIO", spool))
        async for part in request.stream():
            await file.write(part)
        spool.seek(0)
        yield cast("BinaryIO", spool)
