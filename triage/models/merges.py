"""Tickets that became one, and tickets that came out of another."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import json_field, now


class TicketMerge(SQLModel, table=True):
    """One ticket joined another: what moved, and how the one that went stood before, so that it can be undone."""

    id: int | None = Field(default=None, primary_key=True)
    loser_id: int = Field(foreign_key="ticket.id", index=True)
    winner_id: int = Field(foreign_key="ticket.id", index=True)
    kind: str = "merge"
    user_id: int = Field(foreign_key="user.id")
    messages: list[int] = json_field(list)
    before: dict[str, object] = json_field()
    created_at: datetime = Field(default_factory=now)
    undone_at: datetime | None = None
