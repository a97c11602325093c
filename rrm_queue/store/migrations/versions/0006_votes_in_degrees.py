"""How clearly a vote prefers an answer, and the judge's own probability of it.

A coordinator of the version before writes neither: the margin is then 0, the probability null.

Also notices of changed jobs, for servers that wait for them. The database sends them by itself, so
a coordinator of the version before sends them too.
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
    op.drop_column("votes", "probability")
    op.drop_column("votes", "margin")
