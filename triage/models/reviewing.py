"""What people let the desk tell them of their own reviewing, and the exercises they agreed to."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel

from .base import json_field, now, text_field


class ReviewerConsent(SQLModel, table=True):
    """A person's word on reviewer signals; no row is no. `shared`: managers may see them too. Only what came after `since` counts."""

    user_id: int = Field(foreign_key="user.id", primary_key=True)
    shared: bool = False
    since: datetime = Field(default_factory=now)


class Exercise(SQLModel, table=True):
    """A copy of a ticket with a draft that is known to be bad, for one person to find.

    `ticket_id` is a ticket that holds a number and nothing else: no message, no draft, no address. What the person sees is
    in `shown` (triage.reviewing.copies) while it waits, and nowhere once it is over. `ended` is "" while it waits, then
    caught, missed, aside (neither: handed on) or expired. Of the draft `wrong` should not stand, `right` should.
    """

    __table_args__ = (Index("ix_exercise_user_id_ended", "user_id", "ended"),)
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id")
    ticket_id: int = Field(foreign_key="ticket.id", unique=True)
    source_id: int = Field(foreign_key="ticket.id", index=True)
    shown: dict[str, object] = json_field()
    defect: str
    wrong: str = text_field()
    right: str = text_field()
    told: str = text_field()
    ended: str = ""
    made_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
