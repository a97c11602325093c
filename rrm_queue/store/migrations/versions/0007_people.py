"""People as judges: who cast a vote, the leases of people, and the matches that they skipped.

Pairs that meet more than once: which of their meetings a match is. Groups that are judged while
they gather: an index of cohorts by their deadline.

A coordinator of the version before casts no votes of people, so a vote that it writes names nobody.
It lets no pair meet for fresh votes again, so each of its matches is a first meeting.
"""

import sys

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Dead rows are given back when they are a twentieth of the table. The usual fifth would be a large
# job; and to read the indexes costs as much a dead row at any size of the store.
GIVE_BACK_EARLY = """
    ALTER TABLE votes SET (autovacuum_vacuum_scale_factor = 0.05,
                           toast.autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE candidates SET (autovacuum_vacuum_scale_factor = 0.05,
                                toast.autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE tournaments SET (autovacuum_vacuum_scale_factor = 0.05,
                                 toast.autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE matches SET (autovacuum_vacuum_scale_factor = 0.05);
    ALTER TABLE standings SET (autovacuum_vacuum_scale_factor = 0.05)
"""
GIVE_BACK_AS_USUAL = """
    ALTER TABLE votes RESET (autovacuum_vacuum_scale_factor, toast.autovacuum_vacuum_scale_factor);
    ALTER TABLE candidates RESET (autovacuum_vacuum_scale_factor,
                                  toast.autovacuum_vacuum_scale_factor);
    ALTER TABLE tournaments RESET (autovacuum_vacuum_scale_factor,
                                   toast.autovacuum_vacuum_scale_factor);
    ALTER TABLE matches RESET (autovacuum_vacuum_scale_factor);
    ALTER TABLE standings RESET (autovacuum_vacuum_scale_factor)
"""


def upgrade() -> None:
    op.create_index(
        "cohorts_gathering",
        "cohorts",
        ["deadline"],
        postgresql_where=sa.text("state = 'gathering'"),
    )
    op.add_column("votes", sa.Column("person", sa.Text(), nullable=True))
    op.add_column("matches", sa.Column("meeting", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "person_leases",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("match_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column(
            "taken_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_index(
        "person_leases_cast",
        "person_leases",
        ["deadline"],
        postgresql_where=sa.text("verdict IS NOT NULL"),
    )
    op.create_table(
        "skipped_matches",
        sa.Column("match_id", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["match_id"], ["matches.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("match_id", "person"),
    )
    op.create_index(
        "jobs_running", "jobs", ["queue"], postgresql_where=sa.text("state = 'running'")
    )
    op.create_index(
        "jobs_queued",
        "jobs",
        ["queue", sa.text("priority DESC"), "created_at", "id"],
        postgresql_where=sa.text("state = 'queued'"),
    )
    _pack_reasoning()
    _remove_in_parts()


def _remove_in_parts() -> None:
    op.add_column("jobs", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "jobs_deleted",
        "jobs",
        ["deleted_at"],
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.execute(GIVE_BACK_EARLY)


def _pack_reasoning() -> None:
    op.add_column("votes", sa.Column("packed", sa.LargeBinary(), nullable=True))
    # It is compressed already: the server need not try.
    op.execute("ALTER TABLE votes ALTER COLUMN packed SET STORAGE EXTERNAL")
    op.execute("""
        CREATE FUNCTION rrmq_vote_copied() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT v.packed INTO NEW.packed FROM votes v
            WHERE v.key = NEW.key AND NOT v.reused AND v.verdict = NEW.verdict
              AND v.model = NEW.model AND v.packed IS NOT NULL
            ORDER BY v.created_at, v.match_id LIMIT 1;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER vote_copied BEFORE INSERT ON votes FOR EACH ROW
        WHEN (NEW.reused AND NEW.text = '' AND NEW.packed IS NULL)
        EXECUTE FUNCTION rrmq_vote_copied()
    """)


def _unpack_reasoning() -> None:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    connection = op.get_bind()
    some = sa.text("SELECT match_id, number, packed FROM votes WHERE packed IS NOT NULL LIMIT 1000")
    plain = sa.text("""
        UPDATE votes SET text = :text, packed = NULL
        WHERE match_id = :match_id AND number = :number
    """)
    while rows := connection.execute(some).all():
        texts = [{**row._mapping, "text": zstd.decompress(row.packed).decode()} for row in rows]
        connection.execute(plain, texts)
    op.execute("DROP TRIGGER vote_copied ON votes")
    op.execute("DROP FUNCTION rrmq_vote_copied()")
    op.drop_column("votes", "packed")


def downgrade() -> None:
    op.execute(GIVE_BACK_AS_USUAL)
    op.drop_index("jobs_deleted", table_name="jobs")
    op.execute("DELETE FROM jobs WHERE deleted_at IS NOT NULL")
    op.drop_column("jobs", "deleted_at")
    op.drop_index("jobs_queued", table_name="jobs")
    op.drop_index("jobs_running", table_name="jobs")
    _unpack_reasoning()
    op.drop_table("skipped_matches")
    op.drop_table("person_leases")
    op.drop_column("matches", "meeting")
    op.drop_column("votes", "person")
    op.drop_index("cohorts_gathering", table_name="cohorts")
