"""What a batch was sent with, so that what comes back is checked; a job's batches by an index.

Everything may be null: a coordinator of the version before goes on working meanwhile, and a batch
that it sent has neither a token nor a list. Also the tournaments that wait to be rated, and what
gave the newest vote of each judge.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("token", sa.Text(), nullable=True))
    op.add_column("batches", sa.Column("matches", postgresql.ARRAY(sa.BigInteger()), nullable=True))
    op.add_column("batches", sa.Column("bytes", sa.Integer(), nullable=True))
    op.create_index("batches_job", "batches", ["job_id"])
    op.create_table(
        "judge_models",
        sa.Column("judge", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("judge"),
    )
    op.create_table(
        "decided_tournaments",
        sa.Column("tournament_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tournament_id"], ["tournaments.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("tournament_id"),
    )


def downgrade() -> None:
    op.drop_table("decided_tournaments")
    op.drop_table("judge_models")
    op.drop_index("batches_job", "batches")
    op.drop_column("batches", "bytes")
    op.drop_column("batches", "matches")
    op.drop_column("batches", "token")
