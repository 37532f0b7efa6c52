"""Questions about the desk that people keep."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "savedquestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("sql", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_savedquestion_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_savedquestion")),
        sa.UniqueConstraint("name", name=op.f("uq_savedquestion_name")),
    )
    op.create_index(op.f("ix_savedquestion_user_id"), "savedquestion", ["user_id"])


def downgrade() -> None:
    op.drop_table("savedquestion")
