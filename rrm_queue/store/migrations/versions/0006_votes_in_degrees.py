"""How clearly a vote prefers an answer, and the judge's own probability of it.

A coordinator of the version before writes neither: the margin is then 0, the probability null.
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


def downgrade() -> None:
    op.drop_column("votes", "probability")
    op.drop_column("votes", "margin")
