"""`rrmq db`: the database's tables."""

from contextlib import AbstractContextManager

import click

from rrm_queue.actions.app import local_stack, open_store
from rrm_queue.actions.settings import read_settings, reveal
from rrm_queue.local.stack import Addresses
from rrm_queue.store.database import SCHEMA, Database
from rrm_queue.store.schema import upgrade


@click.group("db")
def command() -> None:
    """Look after the database's tables."""


@command.command("upgrade")
def upgrade_tables() -> None:
    """Bring the tables to this version of rrmq; safe to run again, and by several at once."""
    with _database() as database:
        before = database.schema()
        upgrade(database)
        after = database.schema()
    click.echo(
        f"the tables stand at {after}" + ("" if before == after else f", from {before or 'none'}")
    )


@command.command("version")
def show_version() -> None:
    """Say at which migration the tables stand, and which one this rrmq needs."""
    with _database() as database:
        click.echo(f"the tables stand at {database.schema() or 'none'}, rrmq needs {SCHEMA}")


def _database() -> AbstractContextManager[Database]:
    """The store as it is, with no migration applied."""
    settings = read_settings()
    stack = local_stack(settings)
    addresses = stack.ensure_services() if stack else Addresses(reveal(settings.database_url), "")
    return open_store(addresses)
