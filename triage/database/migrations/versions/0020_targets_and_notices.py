"""Targets and their clocks, and word to people: by whom it is read, and what of it leaves the desk."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_OPEN = (
    "received", "screened", "triaging", "awaiting_approval", "approved", "delivering", "needs_info", "escalated", "rejected",
    "failed", "reopened",
)  # fmt: skip
_SWITCH = "business_hours"


def upgrade() -> None:
    op.create_table(
        "targetplan",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("plan", _JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["user.id"], name=op.f("fk_targetplan_made_by_user")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_targetplan")),
    )
    _add("ticket", ("decide_due", UTCDateTime(), None), ("due_at", UTCDateTime(), None), ("due_kind", sa.String(), ""),
         ("paused", sa.String(), ""), ("clock_at", UTCDateTime(), None), ("target_plan", sa.Integer(), "-1"), ("sla", _JSON, "{}"))  # fmt: skip
    _add("episode", ("next_replies", sa.Integer(), "0"), ("next_late", sa.Integer(), "0"))
    _add("draft", ("decide_due", UTCDateTime(), None))
    op.execute("DROP INDEX IF EXISTS queue_pressing")  # made anew, after migrations, over the new column
    op.drop_index("ix_ticket_status_due", "ticket")
    op.create_index("ix_ticket_status_due", "ticket", ["status", "due_at"])
    op.create_index(op.f("ix_ticket_clock_at"), "ticket", ["clock_at"])
    _promised_before()
    _notices()


def _notices() -> None:
    """Word to people: to whom, who read it, and what of it leaves the desk."""
    _add("notification", ("team", sa.String(), ""), ("actor_id", sa.Integer(), None))
    with op.batch_alter_table("notification") as batch:
        batch.create_foreign_key(op.f("fk_notification_actor_id_user"), "user", ["actor_id"], ["id"])
    op.drop_index("ix_notification_user_id", "notification")
    for whom in ("user_id", "role", "team"):
        op.create_index(f"ix_notification_{whom}_id", "notification", [whom, "id"])
    op.create_index(op.f("ix_notification_ticket_id"), "notification", ["ticket_id"])
    op.create_index(op.f("ix_notification_created_at"), "notification", ["created_at"])
    op.create_table(
        "notificationread",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notificationread_user_id_user")),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_notificationread_notification_id_notification")
        ),
        sa.PrimaryKeyConstraint("user_id", "notification_id", name=op.f("pk_notificationread")),
    )
    op.create_table(
        "noticesettings",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("events", _JSON, nullable=False),
        sa.Column("quiet", _JSON, nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("read_upto", sa.Integer(), nullable=False),
        sa.Column("mailed_upto", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_noticesettings_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_noticesettings")),
    )
    op.create_table(
        "webhook",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("events", _JSON, nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("off_at", UTCDateTime(), nullable=True),
        sa.Column("told_upto", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_webhook_owner_id_user")),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name=op.f("fk_webhook_created_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_owner_id"), "webhook", ["owner_id"])
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("webhook_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("sent_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_notice_user_id_user")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_notice_webhook_id_webhook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    for name in ("status", "user_id", "webhook_id"):
        op.create_index(op.f(f"ix_notice_{name}"), "notice", [name])
    op.create_table(
        "noticeitem",
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("notification_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_noticeitem_notice_id_notice")),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_noticeitem_notification_id_notification")
        ),
        sa.PrimaryKeyConstraint("notice_id", "notification_id", name=op.f("pk_noticeitem")),
    )
    op.create_index(op.f("ix_noticeitem_notification_id"), "noticeitem", ["notification_id"])


def _add(table: str, *columns: tuple[str, sa.types.TypeEngine, str | None]) -> None:  # type: ignore[type-arg]
    """New columns; one with a default gets it for the rows that are there, and keeps none of its own."""
    for name, kind, default in columns:
        op.add_column(table, sa.Column(name, kind, nullable=default is None, server_default=default))
    with op.batch_alter_table(table) as batch:
        for name, _, default in columns:
            if default is not None:
                batch.alter_column(name, server_default=None)


def _promised_before() -> None:
    """Open tickets keep what they were promised until the clock has worked it out anew; written hours become the plan's."""
    connection = op.get_bind()
    names = ("status", "first_reply_due", "resolve_due", "due_at", "due_kind")
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in names]
    ticket = sa.table("ticket", *columns)
    due = sa.func.coalesce(ticket.c.first_reply_due, ticket.c.resolve_due)
    connection.execute(ticket.update().where(ticket.c.status.in_(_OPEN)).values(due_at=due, due_kind="first_reply"))
    setting = sa.table("workspacesetting", sa.column("key"), sa.column("value", _JSON))
    kept = connection.execute(sa.select(setting.c.value).where(setting.c.key == _SWITCH)).scalar()
    week, _, zone = str((kept or {}).get("value", "")).rpartition(" ")
    if week:
        from triage.sla.plan import Hours, default

        plan = default().model_copy(update={"hours": {"": Hours(week=week, zone=zone)}}).model_dump(mode="json")
        kept_as: list[sa.ColumnClause[Any]] = [sa.column("plan", _JSON), sa.column("made_at", UTCDateTime())]
        targets = sa.table("targetplan", sa.column("number"), sa.column("note"), *kept_as)
        row = {"number": 1, "plan": plan, "note": "The business hours that were set before.", "made_at": sa.func.now()}
        connection.execute(targets.insert().values(**row))
    connection.execute(setting.delete().where(setting.c.key == _SWITCH))


def downgrade() -> None:
    for table in ("noticeitem", "notice", "webhook", "noticesettings", "notificationread"):
        op.drop_table(table)
    for name in ("created_at", "ticket_id", "team_id", "role_id", "user_id_id"):
        op.drop_index(f"ix_notification_{name}", "notification")
    op.create_index("ix_notification_user_id", "notification", ["user_id"])
    with op.batch_alter_table("notification") as batch:
        batch.drop_constraint(op.f("fk_notification_actor_id_user"), type_="foreignkey")
        for name in ("actor_id", "team"):
            batch.drop_column(name)
    op.drop_index(op.f("ix_ticket_clock_at"), "ticket")
    op.drop_index("ix_ticket_status_due", "ticket")
    op.execute("DROP INDEX IF EXISTS queue_pressing")
    for table, names in (
        ("draft", ["decide_due"]),
        ("episode", ["next_late", "next_replies"]),
        ("ticket", ["sla", "target_plan", "clock_at", "paused", "due_kind", "due_at", "decide_due"]),
    ):
        with op.batch_alter_table(table) as batch:
            for name in names:
                batch.drop_column(name)
    op.create_index("ix_ticket_status_due", "ticket", ["status", "first_reply_due"])
    op.drop_table("targetplan")
