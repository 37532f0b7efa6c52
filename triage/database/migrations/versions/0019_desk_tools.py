"""Typed texts, macros, tags, custom fields, merged tickets, scheduled messages, requests for a rating."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0019"
down_revision = "0015"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()
_TABLES = ("csatoptout", "csatrequest", "ticketmerge", "fieldvalue", "customfield", "tickettag", "macro", "typedtext")


def upgrade() -> None:
    _writing()
    _fields()
    _merges()
    _csat()
    for table, column in (
        ("typedtext", "ticket_id"), ("macro", "shortcut"), ("macro", "audience"), ("macro", "owner_id"), ("macro", "team"),
        ("tickettag", "tag"), ("ticketmerge", "loser_id"), ("ticketmerge", "winner_id"),
        ("csatrequest", "ticket_id"), ("csatrequest", "status"), ("csatrequest", "recipient"),
    ):  # fmt: skip
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    op.create_index("ix_fieldvalue_field_value", "fieldvalue", ["field", "value"])
    _add("episode", sa.Column("csat_comment", sa.Text(), nullable=False, server_default=""))
    _add("outbox", sa.Column("scheduled", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add("team", sa.Column("sharing", sa.String(), nullable=False, server_default=""))
    op.add_column("team", sa.Column("last_given", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_outbox_scheduled"), "outbox", ["scheduled"])
    # Plain SQL that both databases know: making the table anew would lose whatever hangs on it.
    op.execute("ALTER TABLE ticket ADD COLUMN merged_into INTEGER CONSTRAINT fk_ticket_merged_into_ticket REFERENCES ticket (id)")
    op.create_index(op.f("ix_ticket_merged_into"), "ticket", ["merged_into"])


def _add(table: str, column: sa.Column[object]) -> None:
    """A column with a default for the rows that are there, and none for new ones."""
    op.add_column(table, column)
    with op.batch_alter_table(table) as batch:
        batch.alter_column(column.name, server_default=None)


def _writing() -> None:
    op.create_table(
        "typedtext",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_typedtext_user_id_user")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_typedtext_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("user_id", "ticket_id", "field", name=op.f("pk_typedtext")),
    )
    op.create_table(
        "macro",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("shortcut", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("actions", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("updated_by", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_macro_owner_id_user")),
        sa.ForeignKeyConstraint(["updated_by"], ["user.id"], name=op.f("fk_macro_updated_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macro")),
    )


def _fields() -> None:
    op.create_table(
        "tickettag",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_tickettag_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_tickettag")),
    )
    op.create_table(
        "customfield",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("help", sa.String(), nullable=False),
        sa.Column("choices", JSON, nullable=False),
        sa.Column("categories", JSON, nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_customfield")),
    )
    op.create_table(
        "fieldvalue",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_fieldvalue_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["field"], ["customfield.key"], name=op.f("fk_fieldvalue_field_customfield")),
        sa.PrimaryKeyConstraint("ticket_id", "field", name=op.f("pk_fieldvalue")),
    )


def _merges() -> None:
    op.create_table(
        "ticketmerge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loser_id", sa.Integer(), nullable=False),
        sa.Column("winner_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("messages", JSON, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["loser_id"], ["ticket.id"], name=op.f("fk_ticketmerge_loser_id_ticket")),
        sa.ForeignKeyConstraint(["winner_id"], ["ticket.id"], name=op.f("fk_ticketmerge_winner_id_ticket")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_ticketmerge_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticketmerge")),
    )


def _csat() -> None:
    op.create_table(
        "csatrequest",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("episode_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=True),
        sa.Column("send_after", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name=op.f("fk_csatrequest_episode_id_episode")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_csatrequest_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_csatrequest_outbox_id_outbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csatrequest")),
        sa.UniqueConstraint("episode_id", name=op.f("uq_csatrequest_episode_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_csatrequest_token_hash")),
        sa.UniqueConstraint("outbox_id", name=op.f("uq_csatrequest_outbox_id")),
    )
    op.create_table(
        "csatoptout",
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_csatoptout")),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_ticket_merged_into"), "ticket")
    with op.batch_alter_table("ticket") as batch:
        batch.drop_column("merged_into")
    op.drop_index(op.f("ix_outbox_scheduled"), "outbox")
    for table, column in (("team", "last_given"), ("team", "sharing"), ("outbox", "scheduled"), ("episode", "csat_comment")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    for table in _TABLES:
        op.drop_table(table)
