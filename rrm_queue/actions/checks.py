"""What `rrmq doctor` looks at, each with what to do when it is not well; nothing is started."""

import platform
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple

from rrm_queue import __version__
from rrm_queue.broker.client import BrokerClient
from rrm_queue.broker.names import COORDINATOR_QUEUE, judge_kind_queue
from rrm_queue.errors import BrokerUnavailable, RrmqError, SchemaMismatch, StoreUnavailable
from rrm_queue.judging.engines import KINDS
from rrm_queue.store.database import SCHEMA, Database
from rrm_queue.store.queue.dispatching import active_queues
from rrm_queue.text import count


class Check(NamedTuple):
    """One thing looked at; `remedy` says what to do when it is not well."""

    name: str
    well: bool
    detail: str
    remedy: str | None = None


def versions() -> Iterator[Check]:
    """The versions of what runs this command."""
    yield Check("rrmq", True, __version__)
    yield Check(
        "python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    yield Check("celery", True, version("celery"))
    yield Check("redis client", True, version("redis"))


def store(database: Database, url: str) -> Iterator[Check]:
    """The database server and its tables."""
    where = without_password(url)
    try:
        yield Check("database", True, f"PostgreSQL {database.server_version()} at {where}")
        database.check_schema()
        yield Check("tables", True, f"migration {SCHEMA}")
    except StoreUnavailable as fault:
        yield Check(
            "database", False, f"{where}: {fault.detail}", "start it, or correct its address"
        )
    except SchemaMismatch as fault:
        detail, _, remedy = fault.detail.rpartition("; ")
        yield Check("tables", False, detail, remedy)


def broker(link: BrokerClient, url: str, wanted: Mapping[str, int]) -> Iterator[Check]:
    """The broker server, and whether workers and coordinators serve the unfinished jobs."""
    where = without_password(url)
    try:
        yield Check("broker", True, f"{link.server_version()} at {where}")
        yield from _workers(link, wanted)
        yield _coordinator(link)
    except BrokerUnavailable as fault:
        yield Check("broker", False, f"{where}: {fault.detail}", "start it, or correct its address")


def unfinished(database: Database) -> dict[str, int]:
    """How many jobs need workers, by queue; none where the store does not tell."""
    try:
        with database.begin() as tx:
            return active_queues(tx)
    except RrmqError:
        return {}


def _workers(link: BrokerClient, wanted: Mapping[str, int]) -> Iterator[Check]:
    for kind in KINDS:
        queue = judge_kind_queue(kind)
        live = link.capacities(queue)
        waiting = wanted.get(queue, 0)
        detail = f"{count(len(live), 'live worker')}"
        if live:
            detail += f", {count(sum(live.values()), 'match')} at once"
        if waiting:
            detail += f", {count(waiting, 'unfinished job')}"
        well = bool(live) or not waiting
        yield Check(
            f"judge {kind}", well, detail, None if well else f"`rrmq worker --judge {kind}`"
        )


def _coordinator(link: BrokerClient) -> Check:
    waiting = link.waiting(COORDINATOR_QUEUE)
    detail = f"{count(waiting, 'message')} to the coordinators not taken yet"
    remedy = "if it stays so: `rrmq coordinator`" if waiting else None
    return Check("outcomes", True, detail, remedy)


def without_password(url: str) -> str:
    """The URL with its password starred out, wherever it stands and however ill-formed it is."""
    url = re.sub(r"^([^:]+://[^:@/]*):.*@", r"\1:***@", url)
    return re.sub(r"(password=)[^&]*", r"\1***", url)
