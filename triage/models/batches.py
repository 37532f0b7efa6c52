"""Like drafts that one person approves together, after having decided some of them one by one."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import now, text_field


class Batch(SQLModel, table=True):
    """A batch of one person. `status` is open, approved (the rest was approved), stopped (an examined draft was not right) or closed."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    alike: str = ""
    status: str = "open"
    reason: str = text_field()
    created_at: datetime = Field(default_factory=now)
    closed_at: datetime | None = None


class BatchMember(SQLModel, table=True):
    """One draft of a batch. `forced` must be decided by itself before the others; `state` is waiting, approved, examined or dropped."""

    __table_args__ = (UniqueConstraint("batch_id", "draft_id"),)
    id: int | None = Field(default=None, primary_key=True)
    batch_id: int = Field(foreign_key="batch.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    draft_id: int = Field(foreign_key="draft.id", index=True)
    seal: str
    forced: bool = False
    state: str = "waiting"
    reason: str = text_field()
    decision_id: int | None = Field(default=None, foreign_key="decision.id", unique=True)
