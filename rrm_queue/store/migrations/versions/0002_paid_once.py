"""Votes kept by content, one job a submission, waits between attempts, why a job is paused.

Everything has a default: a coordinator of the version before goes on working meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("submission", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("note", sa.Text(), nullable=True))
    op.add_column(
        "jobs", sa.Column("votes_reused", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_unique_constraint("jobs_submission", "jobs", ["submission"])
    op.add_column("matches", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column("votes", sa.Column("key", sa.Uuid(), nullable=True))
    op.add_column(
        "votes", sa.Column("reused", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(
        "votes_paid", "votes", ["key"], postgresql_where=sa.text("key IS NOT NULL AND NOT reused")
    )


def downgrade() -> None:
    op.drop_index("votes_paid", "votes")
    op.drop_column("votes", "reused")
    op.drop_column("votes", "key")
    op.drop_column("matches", "not_before")
    op.drop_constraint("jobs_submission", "jobs")
    op.drop_column("jobs", "votes_reused")
    op.drop_column("jobs", "note")
    op.drop_column("jobs", "submission")
