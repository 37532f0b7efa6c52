"""Reports of bad answers, and answers of models kept for evaluations."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "badanswer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.Integer(), nullable=False),
        sa.Column("taken_as", sa.String(), nullable=False),
        sa.Column("taken_by", sa.Integer(), nullable=True),
        sa.Column("taken_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_badanswer_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_badanswer_run_id_run")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_badanswer_draft_id_draft")),
        sa.ForeignKeyConstraint(["reported_by"], ["user.id"], name=op.f("fk_badanswer_reported_by_user")),
        sa.ForeignKeyConstraint(["taken_by"], ["user.id"], name=op.f("fk_badanswer_taken_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badanswer")),
        sa.UniqueConstraint("about", "reported_by", name=op.f("uq_badanswer_about_reported_by")),
    )
    op.create_index(op.f("ix_badanswer_ticket_id"), "badanswer", ["ticket_id"])
    op.create_index("ix_badanswer_taken_as_id", "badanswer", ["taken_as", "id"])
    op.create_table(
        "keptanswer",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("response", sa.JSON(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_keptanswer")),
    )
    op.create_index(op.f("ix_keptanswer_used_at"), "keptanswer", ["used_at"])


def downgrade() -> None:
    op.drop_table("keptanswer")
    op.drop_table("badanswer")
