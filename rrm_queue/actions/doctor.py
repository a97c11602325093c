"""What `rrmq doctor` examines, each with what to do when it is not well; nothing is started."""

import platform
from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from typing import NamedTuple

from rrm_queue import __version__
from rrm_queue.actions.app import App, broker_url
from rrm_queue.actions.health import worker_command
from rrm_queue.actions.redaction import database_place, without_password
from rrm_queue.actions.seeds import UNSEEDED
from rrm_queue.broker.client import BrokerClient, redis_client
from rrm_queue.broker.memory import Memory, memory_of
from rrm_queue.broker.names import COORDINATOR_QUEUE
from rrm_queue.broker.presence import at_work, live_processes
from rrm_queue.config import Settings
from rrm_queue.errors import BrokerUnavailable, RrmqError, SchemaMismatch, StoreUnavailable
from rrm_queue.judging.kinds import SERVED_TOGETHER, served_kind, worker_name, worker_queue
from rrm_queue.local import postgres, valkey
from rrm_queue.local.stack import LocalStack
from rrm_queue.messages import QueueFacts
from rrm_queue.store.database import SCHEMA
from rrm_queue.store.queue.active_jobs import active_queues
from rrm_queue.text import count

ANY, COORDINATOR = "any", "coordinator"

ANSWER_WITHIN = 5.0
"""Seconds in which a broker answers a health check."""


class Check(NamedTuple):
    """One thing examined; `remedy` says what to do when it is not well."""

    name: str
    well: bool
    detail: str
    remedy: str | None = None


def examine(app: App) -> Iterator[Check]:
    """Every check. `app` is one that starts nothing."""
    yield from _versions()
    if app.stack is None:
        yield from _services(app)
        return
    yield Check("home", True, f"{app.settings.home} (RRMQ_HOME)")
    yield from _local(app, app.stack)


def present(settings: Settings, name: str) -> bool:
    """Whether a process of this machine serves `name`: `coordinator`, a judge, or `any`.

    Asks the broker alone. Raises BrokerUnavailable, and UsageFault for a name that no worker can
    serve.
    """
    if name not in (ANY, COORDINATOR):
        served_kind(name)
    client = redis_client(broker_url(settings, start=False), timeout=ANSWER_WITHIN)
    with client:
        queue = {ANY: None, COORDINATOR: COORDINATOR_QUEUE}.get(name, worker_queue(name))
        return at_work(client, queue)


def _versions() -> Iterator[Check]:
    """The versions of what runs this command."""
    yield Check("rrmq", True, __version__)
    yield Check(
        "python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    yield Check("celery", True, version("celery"))
    yield Check("redis client", True, version("redis"))


def _local(app: App, stack: LocalStack) -> Iterator[Check]:
    """The parts of the local stack, and its services where both servers run."""
    parts = stack.inspect()
    for part in parts:
        yield Check(part.name, part.running, part.detail, part.remedy)
    if all(part.running for part in parts if part.name in (postgres.NAME, valkey.NAME)):
        yield from _services(app)


def _services(app: App) -> Iterator[Check]:
    """The store and the broker."""
    yield from _store(app)
    yield from _broker(app.broker, app.addresses.broker_url, _unfinished(app))


def _store(app: App) -> Iterator[Check]:
    """The database server and its tables."""
    where = database_place(app.addresses.database_url)
    try:
        database = app.database
    except StoreUnavailable as fault:
        yield Check("database", False, fault.detail, "correct RRMQ_DATABASE_URL")
        return
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


def _unfinished(app: App) -> dict[str, int]:
    """How many unfinished jobs need workers, by queue; none where the store does not tell."""
    try:
        with app.begin() as tx:
            return active_queues(tx)
    except RrmqError:
        return {}


def _broker(broker: BrokerClient, url: str, wanted: Mapping[str, int]) -> Iterator[Check]:
    """The broker server, and whether workers and coordinators serve the unfinished jobs."""
    where = without_password(url)
    try:
        yield Check("broker", True, f"{broker.server_version()} at {where}")
        yield memory_check(memory_of(broker.client))
        yield from _workers(broker, wanted)
        yield _coordinator(broker)
    except BrokerUnavailable as fault:
        yield Check("broker", False, f"{where}: {fault.detail}", "start it, or correct its address")


def memory_check(memory: Memory) -> Check:
    """Whether the broker has memory left, and keeps what it holds."""
    limit = f"of {_mib(memory.limit)} (maxmemory)" if memory.limit else "used, no maxmemory"
    kept = {
        True: "kept on disk",
        False: "not kept on disk: after a restart what was out is judged again",
        None: "whether it is kept on disk cannot be read: CONFIG is forbidden",
    }[memory.persistent]
    policy = f", {memory.policy}" if memory.limit and memory.policy else ""
    remedy = None
    if memory.evicts:
        remedy = "set `maxmemory-policy noeviction`: it deletes messages and outcomes when full"
    elif memory.full:
        remedy = "raise `maxmemory`: no work is sent and no outcome is received meanwhile"
    detail = f"{_mib(memory.used)} {limit}{policy}; {kept}"
    return Check("broker memory", remedy is None, detail, remedy)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def _workers(broker: BrokerClient, wanted: Mapping[str, int]) -> Iterator[Check]:
    served = live_processes(broker.client)
    for queue in _judge_queues({*served, *wanted}):
        facts = broker.facts(queue) if queue in served else QueueFacts({}, {})
        live = facts.capacities
        waiting = wanted.get(queue, 0)
        detail = f"{count(len(live), 'live worker')}"
        if live:
            detail += f", {count(sum(live.values()), 'match')} at once"
        if waiting:
            detail += f", {count(waiting, 'unfinished job')}"
        if facts.unseeded:
            detail += f"; a job's seed does not repeat their texts: {UNSEEDED}"
        well = bool(live) or not waiting
        remedy = None if well else f"`{worker_command(queue)}`"
        yield Check(f"judge {worker_name(queue)}", well, detail, remedy)


def _judge_queues(others: Collection[str]) -> list[str]:
    """The queues of the judges that any worker can serve, then those of other judges in use."""
    usual = [worker_queue(name) for name in SERVED_TOGETHER]
    return [*usual, *sorted({*others} - {*usual, COORDINATOR_QUEUE})]


def _coordinator(broker: BrokerClient) -> Check:
    waiting = broker.waiting(COORDINATOR_QUEUE)
    detail = f"{count(waiting, 'message')} to the coordinators not taken yet"
    remedy = "if this does not change: `rrmq coordinator`" if waiting else None
    return Check("outcomes", True, detail, remedy)
