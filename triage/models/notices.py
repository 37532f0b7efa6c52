"""Word to people: what happened, who read it, and what of it left the desk by mail or webhook."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, Index, SQLModel

from .base import json_field, new_id, now, text_field
from .statuses import Role


class Notification(SQLModel, table=True):
    """Word to a person, to the people of a group, or to everybody who has at least a role; never to who did it (`actor_id`)."""

    __table_args__ = (
        Index("ix_notification_user_id_id", "user_id", "id"),
        Index("ix_notification_role_id", "role", "id"),
        Index("ix_notification_team_id", "team", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    user_id: int | None = Field(default=None, foreign_key="user.id")
    role: Role | None = Field(default=None, sa_type=String)
    team: str = ""
    actor_id: int | None = Field(default=None, foreign_key="user.id")
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    kind: str
    text: str
    created_at: datetime = Field(default_factory=now, index=True)
    read_at: datetime | None = None


class NotificationRead(SQLModel, table=True):
    """That a person read one notification; what is older than `NoticeSettings.read_upto` needs no row."""

    user_id: int = Field(foreign_key="user.id", primary_key=True)
    notification_id: int = Field(foreign_key="notification.id", primary_key=True)
    read_at: datetime = Field(default_factory=now)


class NoticeSettings(SQLModel, table=True):
    """What one person wants to hear and how: `events` by event and channel, quiet hours, minutes between two messages.

    `read_upto` is the newest notification of those read all at once, `mailed_upto` how far their mail has come.
    """

    user_id: int = Field(foreign_key="user.id", primary_key=True)
    events: dict[str, list[str]] = json_field()
    quiet: dict[str, object] = json_field()
    every: int = 5
    read_upto: int = 0
    mailed_upto: datetime = Field(default_factory=now)


class Webhook(SQLModel, table=True):
    """An address that is told: a person's own, or the desk's (no owner). `secret` is encrypted; it signs what is sent."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    url: str = text_field()
    secret: str = text_field()
    owner_id: int | None = Field(default=None, foreign_key="user.id", index=True)
    events: list[str] = json_field(list)
    created_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    off_at: datetime | None = None
    told_upto: datetime = Field(default_factory=now)


class Notice(SQLModel, table=True):
    """One message to a colleague on its way out: held, sending, sent, cancelled, dead or uncertain. `html` is beside the text of a mail."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int | None = Field(default=None, foreign_key="user.id", index=True)
    webhook_id: int | None = Field(default=None, foreign_key="webhook.id", index=True)
    key: str = Field(default_factory=new_id, unique=True)
    status: str = Field(default="held", index=True)
    recipient: str = ""
    subject: str = ""
    body: str = text_field()
    html: str = text_field()
    attempts: int = 0
    error: str | None = None
    created_at: datetime = Field(default_factory=now)
    sent_at: datetime | None = None


class NoticeItem(SQLModel, table=True):
    """Which notifications a message tells of; each is told a reader once."""

    notice_id: int = Field(foreign_key="notice.id", primary_key=True)
    notification_id: int = Field(foreign_key="notification.id", primary_key=True, index=True)
