"""Edits to learn from, style suggestions and evaluation cases; batches of like drafts; people who are trainees."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0018"
down_revision = "0014"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    _learning()
    _batches()
    op.add_column("user", sa.Column("trainee", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("draft", sa.Column("alike", sa.String(), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":  # SQLite would make the tables anew, which rows that refer to them forbid
        for table, column in (("user", "trainee"), ("draft", "alike")):
            op.alter_column(table, column, server_default=None)
    op.create_index(op.f("ix_draft_alike"), "draft", ["alike"])
    op.create_index(op.f("ix_draft_created_by"), "draft", ["created_by"])


def _learning() -> None:
    op.create_table(
        "edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("taken_as", sa.String(), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_edit_decision_id_decision")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_edit_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["taken_by"], ["user.id"], name=op.f("fk_edit_taken_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edit")),
        sa.UniqueConstraint("decision_id", "number", name=op.f("uq_edit_decision_id_number")),
    )
    op.create_index(op.f("ix_edit_ticket_id"), "edit", ["ticket_id"])
    op.create_index("ix_edit_taken_as_id", "edit", ["taken_as", "id"])
    op.create_table(
        "stylesuggestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("edit_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("suggested_by", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["edit_id"], ["edit.id"], name=op.f("fk_stylesuggestion_edit_id_edit")),
        sa.ForeignKeyConstraint(["suggested_by"], ["user.id"], name=op.f("fk_stylesuggestion_suggested_by_user")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_stylesuggestion_decided_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stylesuggestion")),
        sa.UniqueConstraint("edit_id", name=op.f("uq_stylesuggestion_edit_id")),
    )
    op.create_index(op.f("ix_stylesuggestion_status"), "stylesuggestion", ["status"])
    op.create_table(
        "evaluationcase",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edit_id", sa.Integer(), nullable=True),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("properties", JSON, nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["edit_id"], ["edit.id"], name=op.f("fk_evaluationcase_edit_id_edit")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_evaluationcase_decision_id_decision")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_evaluationcase_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_evaluationcase_made_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluationcase")),
        sa.UniqueConstraint("edit_id", name=op.f("uq_evaluationcase_edit_id")),
    )
    op.create_index(op.f("ix_evaluationcase_ticket_id"), "evaluationcase", ["ticket_id"])


def _batches() -> None:
    op.create_table(
        "batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("alike", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_batch_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_user_id"), "batch", ["user_id"])
    op.create_table(
        "batchmember",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batchmember_batch_id_batch")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_batchmember_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_batchmember_draft_id_draft")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_batchmember_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batchmember")),
        sa.UniqueConstraint("batch_id", "draft_id", name=op.f("uq_batchmember_batch_id_draft_id")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_batchmember_decision_id")),
    )
    op.create_index(op.f("ix_batchmember_draft_id"), "batchmember", ["draft_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_draft_created_by"), "draft")
    op.drop_index(op.f("ix_draft_alike"), "draft")
    for table, column in (("draft", "alike"), ("user", "trainee")):
        with op.batch_alter_table(table) as changed:
            changed.drop_column(column)
    for name in ("batchmember", "batch", "evaluationcase", "stylesuggestion", "edit"):
        op.drop_table(name)
