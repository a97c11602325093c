"""The tables' history: Alembic, driven without an ini file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from rrm_queue.store.database import SCHEMA, Database

# Any constant will do, as long as no other application takes it in the same database.
UPGRADE_LOCK = text("SELECT pg_advisory_xact_lock(7258317761234)")


def upgrade(database: Database) -> None:
    """Brings the tables to this version; when several processes come at once, one does it.

    Raises StoreUnavailable, and SchemaMismatch for tables of a newer version.
    """
    with database.begin() as tx:
        tx.execute(UPGRADE_LOCK)
        if (database.schema() or "") > SCHEMA:
            database.check_schema()
        config = alembic_config()
        config.attributes["connection"] = tx
        command.upgrade(config, "head")


def alembic_config() -> Config:
    """Alembic's settings, pointing at the migrations of this package."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
