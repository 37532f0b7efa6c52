"""Figures counted beforehand, and what they need: what agents said of a ticket, and what people made of it."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_OF_EPISODE = (
    "said_category", "said_priority", "said_team", "final_category", "final_priority", "final_team", "escalation_label",
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("episode") as batch:
        for column in _OF_EPISODE:
            batch.add_column(sa.Column(column, sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("episode") as batch:
        for column in _OF_EPISODE:
            batch.alter_column(column, server_default=None)
    with op.batch_alter_table("ticket") as batch:
        batch.add_column(sa.Column("training", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("ticket") as batch:
        batch.alter_column("training", server_default=None)
    op.create_table(
        "metricday",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.Column("counted_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "day", name=op.f("pk_metricday")),
    )
    op.create_table(
        "metricword",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metricword")),
        sa.UniqueConstraint("word", name=op.f("uq_metricword_word")),
    )
    op.create_table(
        "metricchange",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("moment", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metricchange")),
    )


def downgrade() -> None:
    for table in ("metricchange", "metricword", "metricday"):
        op.drop_table(table)
    with op.batch_alter_table("ticket") as batch:
        batch.drop_column("training")
    with op.batch_alter_table("episode") as batch:
        for column in _OF_EPISODE:
            batch.drop_column(column)
