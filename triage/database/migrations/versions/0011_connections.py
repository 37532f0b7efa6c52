"""APIs that administrators connect, the operations chosen of them, proposed calls; more in a dossier."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    with op.batch_alter_table("blockedaction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unsaid", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("holding", sa.Text(), nullable=False, server_default=""))

    op.create_table(
        "connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("base_url", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("auth_name", sa.String(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_connection_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("name", name=op.f("uq_connection_name")),
    )
    op.create_table(
        "connectedtool",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("bound", JSON, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_connectedtool_connection_id_connection")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_connectedtool_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connectedtool")),
        sa.UniqueConstraint("name", name=op.f("uq_connectedtool_name")),
    )
    with op.batch_alter_table("connectedtool", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connectedtool_connection_id"), ["connection_id"], unique=False)

    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("tool_id", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("arguments", JSON, nullable=False),
        sa.Column("call", JSON, nullable=False),
        sa.Column("thread_head", sa.Integer(), nullable=True),
        sa.Column("seal", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_proposal_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_proposal_run_id_run")),
        sa.ForeignKeyConstraint(["tool_id"], ["connectedtool.id"], name=op.f("fk_proposal_tool_id_connectedtool")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_proposal_decided_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("key", name=op.f("uq_proposal_key")),
        sa.UniqueConstraint("run_id", "seal", name=op.f("uq_proposal_run_id_seal")),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proposal_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_proposal_ticket_id"), ["ticket_id"], unique=False)


def downgrade() -> None:
    for table in ("proposal", "connectedtool", "connection"):
        op.drop_table(table)
    with op.batch_alter_table("blockedaction", schema=None) as batch_op:
        batch_op.drop_column("holding")
        batch_op.drop_column("unsaid")
