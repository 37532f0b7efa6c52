"""What searches find and what becomes of it."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "searchrecord",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("top", sa.Float(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("episode_id", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("repeats", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name=op.f("fk_searchrecord_episode_id_episode")),
        sa.ForeignKeyConstraint(["repeats"], ["searchrecord.id"], name=op.f("fk_searchrecord_repeats_searchrecord")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_searchrecord_run_id_run")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_searchrecord_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_searchrecord_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_searchrecord")),
    )
    with op.batch_alter_table("searchrecord", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_searchrecord_at"), ["at"], unique=False)
        batch_op.create_index("ix_searchrecord_decision_at", ["decision", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_searchrecord_episode_id"), ["episode_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_searchrecord_ticket_id"), ["ticket_id"], unique=False)

    op.create_table(
        "passageuse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("passage", sa.String(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("cited", sa.Boolean(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.Column("vote", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_passageuse_draft_id_draft")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_passageuse_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passageuse")),
        sa.UniqueConstraint("draft_id", "passage", name=op.f("uq_passageuse_draft_id_passage")),
    )
    with op.batch_alter_table("passageuse", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passageuse_article"), ["article"], unique=False)
        batch_op.create_index(batch_op.f("ix_passageuse_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_passageuse_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("passageuse", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passageuse_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_passageuse_at"))
        batch_op.drop_index(batch_op.f("ix_passageuse_article"))

    op.drop_table("passageuse")
    with op.batch_alter_table("searchrecord", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_searchrecord_ticket_id"))
        batch_op.drop_index(batch_op.f("ix_searchrecord_episode_id"))
        batch_op.drop_index("ix_searchrecord_decision_at")
        batch_op.drop_index(batch_op.f("ix_searchrecord_at"))

    op.drop_table("searchrecord")
