"""Openings of breakers, counted calls, alerts, versions of the rules and trials of changed ones."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "breakeropening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("spared", sa.Integer(), nullable=False),
        sa.Column("instead", sa.Integer(), nullable=False),
        sa.Column("instead_usd", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_breakeropening")),
    )
    with op.batch_alter_table("breakeropening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_breakeropening_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_breakeropening_opened_at"), ["opened_at"], unique=False)

    op.create_table(
        "ratecount",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "window", name=op.f("pk_ratecount")),
    )
    op.create_table(
        "ruletrial",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("base", JSON, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("let_through", sa.Integer(), nullable=False),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.Column("unflagged", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("started_by", sa.Integer(), nullable=True),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["started_by"], ["user.id"], name=op.f("fk_ruletrial_started_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruletrial")),
    )
    op.create_table(
        "ruleversion",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("reverts", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_ruleversion_made_by_user")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ruleversion")),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("active", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("figures", JSON, nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("first_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.Column("acknowledged_by", sa.Integer(), nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["acknowledged_by"], ["user.id"], name=op.f("fk_alert_acknowledged_by_user")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_alert_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("active", name=op.f("uq_alert_active")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_status"), ["status"], unique=False)

    op.create_table(
        "ruletrialticket",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("trial_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ruletrialticket_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["trial_id"], ["ruletrial.id"], name=op.f("fk_ruletrialticket_trial_id_ruletrial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruletrialticket")),
        sa.UniqueConstraint("trial_id", "ticket_id", name=op.f("uq_ruletrialticket_trial_id_ticket_id")),
    )
    with op.batch_alter_table("ruletrialticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ruletrialticket_trial_id"), ["trial_id"], unique=False)

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_author_email"))
        batch_op.create_index("ix_message_author_email_created_at", ["author_email", "created_at"], unique=False)

    with op.batch_alter_table("spend", schema=None) as batch_op:
        batch_op.add_column(sa.Column("calls", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("spend", schema=None) as batch_op:
        batch_op.drop_column("calls")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_author_email_created_at")
        batch_op.create_index(batch_op.f("ix_message_author_email"), ["author_email"], unique=False)

    with op.batch_alter_table("ruletrialticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ruletrialticket_trial_id"))

    op.drop_table("ruletrialticket")
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_status"))
        batch_op.drop_index(batch_op.f("ix_alert_kind"))

    op.drop_table("alert")
    op.drop_table("ruleversion")
    op.drop_table("ruletrial")
    op.drop_table("ratecount")
    with op.batch_alter_table("breakeropening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_breakeropening_opened_at"))
        batch_op.drop_index(batch_op.f("ix_breakeropening_name"))

    op.drop_table("breakeropening")
