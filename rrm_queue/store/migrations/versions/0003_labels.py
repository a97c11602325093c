"""The file's own pairs with their labels, subsets of benchmarks, and how good an answer is.

Everything may be null: a coordinator of the version before goes on working meanwhile.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tournaments",
        sa.Column("pairs", postgresql.JSONB(none_as_null=True), nullable=True),
    )
    op.add_column("tournaments", sa.Column("subset", sa.Text(), nullable=True))
    op.add_column("candidates", sa.Column("gold", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("candidates", "gold")
    op.drop_column("tournaments", "subset")
    op.drop_column("tournaments", "pairs")
