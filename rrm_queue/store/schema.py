"""The tables' history: Alembic, driven without an ini file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, StaticPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from rrm_queue.store.database import SCHEMA, Database

# Any constant will do, as long as no other application takes it in the same database.
UPGRADE_LOCK = text("SELECT pg_advisory_xact_lock(7258317761234)")


def upgrade(database: Database) -> None:
    """Brings the tables to this version; when several processes come at once, one does it.

    Raises StoreUnavailable, and SchemaMismatch for tables of a newer version.
    """
    with begin_migration(database) as connection:
        connection.execute(UPGRADE_LOCK)
        if (database.schema() or "") > SCHEMA:
            database.check_schema()
        command.upgrade(alembic_config(connection), "head")


@contextmanager
def begin_migration(database: Database) -> Iterator[Connection]:
    """One transaction of the store as SQLAlchemy's, which Alembic works with."""
    with database.begin() as tx:
        url = "postgresql+psycopg://"
        engine = create_engine(url, creator=lambda: tx.driver, poolclass=StaticPool)
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise error.orig or error from error


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, pointing at the migrations of this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
