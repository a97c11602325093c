"""Alembic's entry: runs migrations on the connection that `store.schema` hands over."""

from alembic import context
from sqlmodel import SQLModel

from rrm_queue.store import tables, work_tables

assert [tables, work_tables]  # noqa: S101  # the imports fill SQLModel.metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
