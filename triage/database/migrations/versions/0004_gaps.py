"""Gaps of the knowledge base, findings about its articles, rehearsals of their versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "checkedarticle",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_checkedarticle_article_id_article")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_checkedarticle")),
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("left_article", sa.String(), nullable=False),
        sa.Column("right_article", sa.String(), nullable=False),
        sa.Column("left", JSON, nullable=False),
        sa.Column("right", JSON, nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["user.id"], name=op.f("fk_finding_changed_by_user")),
        sa.ForeignKeyConstraint(["left_article"], ["article.id"], name=op.f("fk_finding_left_article_article")),
        sa.ForeignKeyConstraint(["right_article"], ["article.id"], name=op.f("fk_finding_right_article_article")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        sa.UniqueConstraint("key", name=op.f("uq_finding_key")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_left_article"), ["left_article"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_right_article"), ["right_article"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_state"), ["state"], unique=False)

    op.create_table(
        "gap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("terms", JSON, nullable=False),
        sa.Column("languages", JSON, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("recent", sa.Integer(), nullable=False),
        sa.Column("earlier", sa.Integer(), nullable=False),
        sa.Column("near_article", sa.String(), nullable=False),
        sa.Column("near_heading", sa.String(), nullable=False),
        sa.Column("nearness", sa.Float(), nullable=False),
        sa.Column("advice", sa.String(), nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("draft_article", sa.String(), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["user.id"], name=op.f("fk_gap_changed_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gap")),
    )
    with op.batch_alter_table("gap", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gap_minutes"), ["minutes"], unique=False)
        batch_op.create_index(batch_op.f("ix_gap_state"), ["state"], unique=False)

    op.create_table(
        "rehearsal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("expected_usd", sa.Float(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_rehearsal_article_id_article")),
        sa.ForeignKeyConstraint(["started_by"], ["user.id"], name=op.f("fk_rehearsal_started_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal")),
    )
    with op.batch_alter_table("rehearsal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rehearsal_article_id"), ["article_id"], unique=False)

    op.create_table(
        "gapquestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("signals", JSON, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("gap_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["gap_id"], ["gap.id"], name=op.f("fk_gapquestion_gap_id_gap")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_gapquestion_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gapquestion")),
        sa.UniqueConstraint("source", name=op.f("uq_gapquestion_source")),
    )
    with op.batch_alter_table("gapquestion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gapquestion_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_gapquestion_gap_id"), ["gap_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_gapquestion_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "rehearsedticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rehearsal_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("after", JSON, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_rehearsedticket_draft_id_draft")),
        sa.ForeignKeyConstraint(["rehearsal_id"], ["rehearsal.id"], name=op.f("fk_rehearsedticket_rehearsal_id_rehearsal")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_rehearsedticket_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsedticket")),
        sa.UniqueConstraint("rehearsal_id", "draft_id", name=op.f("uq_rehearsedticket_rehearsal_id_draft_id")),
    )
    with op.batch_alter_table("rehearsedticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rehearsedticket_rehearsal_id"), ["rehearsal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rehearsedticket_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("rehearsedticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rehearsedticket_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_rehearsedticket_rehearsal_id"))

    op.drop_table("rehearsedticket")
    with op.batch_alter_table("gapquestion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gapquestion_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_gapquestion_gap_id"))
        batch_op.drop_index(batch_op.f("ix_gapquestion_asked_at"))

    op.drop_table("gapquestion")
    with op.batch_alter_table("rehearsal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rehearsal_article_id"))

    op.drop_table("rehearsal")
    with op.batch_alter_table("gap", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gap_state"))
        batch_op.drop_index(batch_op.f("ix_gap_minutes"))

    op.drop_table("gap")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_state"))
        batch_op.drop_index(batch_op.f("ix_finding_right_article"))
        batch_op.drop_index(batch_op.f("ix_finding_left_article"))
        batch_op.drop_index(batch_op.f("ix_finding_kind"))

    op.drop_table("finding")
    op.drop_table("checkedarticle")
