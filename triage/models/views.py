"""Views of the queue that people keep under a name."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import now


class SavedView(SQLModel, table=True):
    """A view and a search of the queue; a shared one stands in everybody's list."""

    __table_args__ = (UniqueConstraint("user_id", "name"),)
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id")
    name: str
    view: str = "needs"
    find: str = ""
    shared: bool = False
    created_at: datetime = Field(default_factory=now)


class EditClaim(SQLModel, table=True):
    """Who is writing on a ticket at present; it runs out by itself."""

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    user_id: int = Field(foreign_key="user.id", primary_key=True)
    until: datetime
