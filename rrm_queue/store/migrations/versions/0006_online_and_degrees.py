"""Votes in degrees, open jobs, prices, cohorts of single answers, and notices of changed jobs.

A coordinator of the version before writes neither the margin of a vote, which is then 0, nor its
probability, which is null. It may end an open job: the next tournament starts it again.
The database sends the notices by itself, so of its changes too.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "votes", sa.Column("margin", sa.SmallInteger(), server_default="0", nullable=False)
    )
    op.add_column("votes", sa.Column("probability", sa.Float(), nullable=True))
    op.add_column("tournaments", sa.Column("criteria", sa.Text(), nullable=True))
    for name in ("open", "ephemeral"):
        op.add_column(
            "jobs", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column(
        "jobs",
        sa.Column("price", postgresql.JSONB(none_as_null=True), nullable=True),
    )
    op.add_column("jobs", sa.Column("max_cost", sa.Float(), nullable=True))
    op.create_table(
        "cohorts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("criteria", sa.Text(), nullable=True),
        sa.Column("partial", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tournament_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "name", name="cohorts_name"),
    )
    op.create_index(
        "cohorts_series",
        "cohorts",
        ["job_id", "series", "id"],
        postgresql_where=sa.text("series IS NOT NULL"),
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
    op.execute("""
        CREATE FUNCTION rrmq_job_changed() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_notify('rrmq_jobs', coalesce(NEW.id, OLD.id));
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER job_changed AFTER INSERT OR UPDATE OR DELETE ON jobs
        FOR EACH ROW EXECUTE FUNCTION rrmq_job_changed()
    """)


def downgrade() -> None:
    op.execute("DROP TRIGGER job_changed ON jobs")
    op.execute("DROP FUNCTION rrmq_job_changed()")
    op.drop_table("cohort_samples")
    op.drop_table("cohorts")
    op.drop_column("jobs", "max_cost")
    op.drop_column("jobs", "price")
    op.drop_column("jobs", "ephemeral")
    op.drop_column("jobs", "open")
    op.drop_column("tournaments", "criteria")
    op.drop_column("votes", "probability")
    op.drop_column("votes", "margin")
