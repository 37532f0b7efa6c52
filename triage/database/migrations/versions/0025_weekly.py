"""Mails to colleagues may have an HTML part beside their text."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice") as batch:
        batch.add_column(sa.Column("html", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("notice") as batch:
        batch.alter_column("html", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("notice") as batch:
        batch.drop_column("html")
