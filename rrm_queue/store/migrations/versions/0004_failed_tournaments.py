"""The first failed tournament of a job is found without reading all that did not fail."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "tournaments_failed",
        "tournaments",
        ["job_id", "id"],
        postgresql_where=sa.text("state = 'failed'"),
    )


def downgrade() -> None:
    op.drop_index("tournaments_failed", "tournaments")
