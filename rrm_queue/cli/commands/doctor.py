"""`rrmq doctor`: what runs, where, which versions, what is wrong and how to mend it."""

from collections.abc import Iterator

import click

from rrm_queue.actions.app import local_stack, open_broker, open_store
from rrm_queue.actions.checks import Check, broker, store, unfinished, versions
from rrm_queue.actions.schemas import json_line
from rrm_queue.actions.settings import read_settings, reveal
from rrm_queue.broker.names import COORDINATOR_QUEUE
from rrm_queue.cli.render.tables import checks_table
from rrm_queue.cli.render.terminal import screen
from rrm_queue.config import Settings
from rrm_queue.errors import StoreUnavailable
from rrm_queue.local import postgres, valkey
from rrm_queue.local.stack import Addresses, LocalStack

ANY, COORDINATOR = "any", "coordinator"


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--here",
    metavar="NAME",
    help="Say only whether this machine's coordinator, or its worker for a judge, is at work:"
    " `coordinator`, a judge, or `any`. A health check for containers; asks the broker alone.",
)
def command(as_json: bool, here: str | None) -> int:
    """Say what runs, where, which versions, what is wrong and how to mend it.

    Starts nothing. The exit code is 0 when all is well, else 1.
    """
    settings = read_settings()
    if here is not None:
        return _here(settings, here)
    stack = local_stack(settings)
    checks = [*versions(), *(_real(settings) if stack is None else _local(settings, stack))]
    well = all(check.well for check in checks)
    if as_json:
        click.echo(json_line({"well": well, "checks": [check._asdict() for check in checks]}))
    else:
        screen().print(checks_table(checks))
    return 0 if well else 1


def _here(settings: Settings, name: str) -> int:
    from rrm_queue.broker.client import redis_client
    from rrm_queue.broker.presence import at_work
    from rrm_queue.judging.kinds import worker_queue

    url = reveal(settings.broker_url)
    if not url and (stack := local_stack(settings)):
        url = stack.addresses.broker_url
    queue = {ANY: None, COORDINATOR: COORDINATOR_QUEUE}.get(name, worker_queue(name))
    well = at_work(redis_client(url, timeout=5), queue)
    click.echo(f"{name}: {'at work' if well else 'not at work'} on this machine")
    return 0 if well else 1


def _real(settings: Settings) -> Iterator[Check]:
    yield from _services(
        Addresses(reveal(settings.database_url), reveal(settings.broker_url)),
    )


def _local(settings: Settings, stack: LocalStack) -> Iterator[Check]:
    yield Check("home", True, f"{settings.home} (RRMQ_HOME)")
    parts = stack.inspect()
    for part in parts:
        yield Check(part.name, part.running, part.detail, part.remedy)
    servers = [part for part in parts if part.name in (postgres.NAME, valkey.NAME)]
    if all(part.running for part in servers):
        # Both answer, so this starts neither; it tells their addresses.
        yield from _services(stack.addresses)


def _services(addresses: Addresses) -> Iterator[Check]:
    wanted: dict[str, int] = {}
    try:
        with open_store(addresses) as database:
            yield from store(database, addresses.database_url)
            wanted = unfinished(database)
    except StoreUnavailable as fault:
        yield Check("database", False, fault.detail, "correct RRMQ_DATABASE_URL")
    yield from broker(open_broker(addresses), addresses.broker_url, wanted)
