"""Votes in degrees, open jobs, and cohorts of single answers.

A coordinator of the version before writes neither the margin of a vote, which is then 0, nor its
probability, which is null. It may end an open job: the next tournament starts it again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "votes", sa.Column("margin", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column("votes", sa.Column("probability", sa.Float(), nullable=True))
    for name in ("open", "ephemeral"):
        op.add_column(
            "jobs", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.create_table(
        "cohorts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("partial", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tournament_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "name", name="cohorts_name"),
    )
    op.create_table(
        "cohort_samples",
        sa.Column("cohort_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("gold", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohorts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("cohort_id", "place"),
    )


def downgrade() -> None:
    op.drop_table("cohort_samples")
    op.drop_table("cohorts")
    op.drop_column("jobs", "ephemeral")
    op.drop_column("jobs", "open")
    op.drop_column("votes", "probability")
    op.drop_column("votes", "margin")
