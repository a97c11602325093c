"""`rrmq db`: the database's tables."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from rrm_queue.actions.app import local_stack
from rrm_queue.actions.settings import read_settings, reveal
from rrm_queue.store.database import SCHEMA, Database
from rrm_queue.store.schema import upgrade


@click.group("db")
def command() -> None:
    """Upgrade the database's tables, or show their version."""


@command.command("upgrade")
def upgrade_tables() -> None:
    """Upgrade the tables to this version of rrmq; safe to run again, and several at once."""
    with _database() as database:
        before = database.schema()
        upgrade(database)
        after = database.schema()
    change = "" if before == after else f" (before: {before or 'none'})"
    click.echo(f"the tables are at migration {after}{change}")


@command.command("version")
def show_version() -> None:
    """Show at which migration the tables are, and which one this rrmq needs."""
    with _database() as database:
        found = database.schema() or "none"
    click.echo(f"the tables are at migration {found}, rrmq needs {SCHEMA}")


@contextmanager
def _database() -> Iterator[Database]:
    """The store as it is: unlike that of an App, with no migration applied."""
    settings = read_settings()
    stack = local_stack(settings)
    url = stack.ensure_services().database_url if stack else reveal(settings.database_url)
    database = Database(url)
    try:
        yield database
    finally:
        database.close()
