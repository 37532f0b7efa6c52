"""What confirmed that a matter is settled, and what the second model said of it."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


_COLUMNS = ("confirmed_by", "judged")


def upgrade() -> None:
    with op.batch_alter_table("episode") as batch:
        for column in _COLUMNS:
            batch.add_column(sa.Column(column, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("episode") as batch:
        for column in _COLUMNS:
            batch.alter_column(column, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("episode") as batch:
        for column in _COLUMNS:
            batch.drop_column(column)
