"""People as judges: who cast a vote, the leases of people, and the matches that they skipped.

Pairs that meet more than once: which of their meetings a match is. Groups that are judged while
they gather: an index of cohorts by their deadline.

A coordinator of the version before casts no votes of people, so a vote that it writes names nobody.
It lets no pair meet for fresh votes again, so each of its matches is a first meeting.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    op.drop_table("skipped_matches")
    op.drop_table("person_leases")
    op.drop_column("matches", "meeting")
    op.drop_column("votes", "person")
    op.drop_index("cohorts_gathering", table_name="cohorts")
