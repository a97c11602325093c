from alembic import command
from alembic.script import ScriptDirectory

from rrm_queue.store.database import SCHEMA, Database
from rrm_queue.store.schema import alembic_config, upgrade


def test_the_models_are_what_the_migrations_make(database: Database) -> None:
    with database.begin() as tx:
        config = alembic_config()
        config.attributes["connection"] = tx
        command.check(config)


def test_this_version_speaks_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == SCHEMA


def test_an_upgrade_may_be_repeated(database: Database) -> None:
    upgrade(database)
    assert database.schema() == SCHEMA
    database.check_schema()
