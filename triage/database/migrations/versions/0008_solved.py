"""Replies that were approved and delivered, as precedents."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "solvedcase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("articles", JSON, nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("solved_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_solvedcase_decision_id_decision")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_solvedcase_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solvedcase")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_solvedcase_decision_id")),
    )
    with op.batch_alter_table("solvedcase", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_solvedcase_solved_at"), ["solved_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_solvedcase_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "precedentuse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["solvedcase.id"], name=op.f("fk_precedentuse_case_id_solvedcase")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_precedentuse_run_id_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_precedentuse")),
        sa.UniqueConstraint("run_id", "case_id", name=op.f("uq_precedentuse_run_id_case_id")),
    )
    with op.batch_alter_table("precedentuse", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_precedentuse_case_id"), ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_table("precedentuse")
    op.drop_table("solvedcase")
