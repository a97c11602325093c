"""Notices of changed jobs, for servers that wait for them.

The database sends them by itself, so a coordinator of the version before sends them too.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
