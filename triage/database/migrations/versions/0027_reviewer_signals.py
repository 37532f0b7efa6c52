"""Who wants to see signals of their own reviewing, and who lets managers see them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reviewerconsent",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_reviewerconsent_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_reviewerconsent")),
    )


def downgrade() -> None:
    op.drop_table("reviewerconsent")
