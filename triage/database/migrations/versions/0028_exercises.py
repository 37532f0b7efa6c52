"""Exercises of people who want reviewer signals: what they show while they wait, and how they ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exercise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("shown", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("defect", sa.String(), nullable=False),
        sa.Column("wrong", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("ended", sa.String(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_exercise_user_id_user")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_exercise_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["source_id"], ["ticket.id"], name=op.f("fk_exercise_source_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_exercise_ticket_id")),
    )
    op.create_index(op.f("ix_exercise_source_id"), "exercise", ["source_id"])
    op.create_index("ix_exercise_user_id_ended", "exercise", ["user_id", "ended"])


def downgrade() -> None:
    op.drop_table("exercise")
