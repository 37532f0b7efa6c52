"""The rules that admins shape: their versions, and trials of a changed one over past tickets."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, now, text_field


class RuleVersion(SQLModel, table=True):
    """What the editable rules said from `made_at` on; `rules` holds all of them, `note` why they changed."""

    number: int = Field(primary_key=True)
    rules: dict[str, object] = json_field()
    note: str = text_field()
    made_by: int | None = Field(default=None, foreign_key="user.id")
    made_at: datetime = Field(default_factory=now)
    reverts: int | None = None


class RuleTrial(SQLModel, table=True):
    """A changed rule tried on past tickets; `rules` are all of them as changed, `base` as they were."""

    id: int | None = Field(default=None, primary_key=True)
    status: str = "waiting"
    rules: dict[str, object] = json_field()
    base: dict[str, object] = json_field()
    days: int = 30
    wanted: int = 0
    done: int = 0
    reached: int = 0
    stopped: int = 0
    let_through: int = 0
    flagged: int = 0
    unflagged: int = 0
    error: str = ""
    started_by: int | None = Field(default=None, foreign_key="user.id")
    started_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


class RuleTrialTicket(SQLModel, table=True):
    """A ticket that the changed rule would have treated otherwise: stopped, let_through, flagged or unflagged."""

    __table_args__ = (UniqueConstraint("trial_id", "ticket_id"),)
    id: int | None = Field(default=None, primary_key=True)
    trial_id: int = Field(foreign_key="ruletrial.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    effect: str
    why: str = text_field()
    excerpt: str = text_field()
