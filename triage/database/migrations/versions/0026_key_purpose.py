"""Keys of the API have a purpose, so that what reads figures can read no tickets."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("apikey") as batch:
        batch.add_column(sa.Column("purpose", sa.String(), nullable=False, server_default="tickets"))
    with op.batch_alter_table("apikey") as batch:
        batch.alter_column("purpose", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("apikey") as batch:
        batch.drop_column("purpose")
