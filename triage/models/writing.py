"""What people are typing, and the texts they keep to type less."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import json_field, now, text_field


class TypedText(SQLModel, table=True):
    """What one person has typed into one field of one ticket and not sent; `draft_id` is the draft it started from."""

    user_id: int = Field(foreign_key="user.id", primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True, index=True)
    field: str = Field(primary_key=True)
    text: str = text_field()
    draft_id: int | None = None
    updated_at: datetime = Field(default_factory=now)


class Macro(SQLModel, table=True):
    """A saved reply and what choosing it also sets.

    `audience` is own, group or everyone; `owner_id` is who made it, `team` the group it is for. `actions` holds category,
    priority, tags, assignee ("me" or an address) and snooze_hours, each of them optional.
    """

    id: int | None = Field(default=None, primary_key=True)
    title: str
    shortcut: str = Field(default="", index=True)
    body: str = text_field()
    audience: str = Field(default="own", index=True)
    owner_id: int | None = Field(default=None, foreign_key="user.id", index=True)
    team: str = Field(default="", index=True)
    actions: dict[str, object] = json_field()
    version: int = 1
    used: int = 0
    updated_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)
