"""Drafts, what guards say of them, what people decide, and what goes out."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, new_id, now, text_field
from .statuses import DecisionKind


class Draft(SQLModel, table=True):
    """One version of a reply that waits for a person; those of one `alike` mark answer the same from the same passages."""

    __table_args__ = (UniqueConstraint("ticket_id", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    episode_id: int = Field(foreign_key="episode.id", index=True)
    run_id: str | None = Field(default=None, foreign_key="run.id")
    version: int = 1
    kind: str = "reply"
    status: str = "waiting"
    subject: str = ""
    body: str = text_field()
    recipient: str = ""
    sentences: list[dict[str, object]] = json_field(list)
    citations: list[dict[str, object]] = json_field(list)
    plan: dict[str, object] = json_field()
    facts: dict[str, object] = json_field()
    review: dict[str, object] = json_field()
    thread_head: int | None = None
    article_versions: dict[str, int] = json_field()
    seal: str = ""
    alike: str = Field(default="", index=True)
    approver: str = "staff"
    approver_reasons: list[str] = json_field(list)
    confidence: float = 0.0
    created_by: str = Field(default="agents", index=True)
    cause: str = text_field()
    model: str = ""
    degraded: list[str] = json_field(list)
    decide_due: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class GuardVerdict(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    run_id: str | None = Field(default=None, index=True)
    draft_id: int | None = None
    stage: str
    rule: str
    verdict: str
    findings: list[dict[str, object]] = json_field(list)
    overruled: bool = False
    created_at: datetime = Field(default_factory=now, index=True)


class BlockedAction(SQLModel, table=True):
    """The dossier of an action that code refused: people decide it outside the agents.

    `unsaid` is what of amount and target the customer did not write so, `holding` what they may be told meanwhile.
    """

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    run_id: str | None = None
    action: str
    rule: str
    target: str = ""
    amount: str = ""
    reason: str = text_field()
    unsaid: str = ""
    holding: str = text_field()
    identity: str = "unknown"
    status: str = "open"
    created_at: datetime = Field(default_factory=now)
    closed_at: datetime | None = None


class SignOff(SQLModel, table=True):
    """One person's word on a blocked action; two different people are needed to grant it."""

    __table_args__ = (UniqueConstraint("blocked_action_id", "user_id"),)
    id: int | None = Field(default=None, primary_key=True)
    blocked_action_id: int = Field(foreign_key="blockedaction.id")
    user_id: int = Field(foreign_key="user.id")
    granted: bool
    comment: str = text_field()
    created_at: datetime = Field(default_factory=now)


class Decision(SQLModel, table=True):
    """What a person decided on one draft; a draft is decided once."""

    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id", unique=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    episode_id: int = Field(foreign_key="episode.id", index=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    kind: DecisionKind = Field(sa_type=String)
    seal: str
    body: str = text_field()
    reason: str = ""
    comment: str = text_field()
    acknowledged: list[int] = json_field(list)
    edit_distance: float | None = None
    edit_class: str = ""
    active_seconds: float | None = None
    undone_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class Outbox(SQLModel, table=True):
    """A message on its way out: held, sending, sent, cancelled, failed or uncertain. `scheduled`: a person chose `send_after`."""

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    decision_id: int | None = Field(default=None, foreign_key="decision.id", unique=True)
    key: str = Field(default_factory=new_id, unique=True)
    status: str = Field(default="held", index=True)
    recipient: str
    subject: str
    body: str = text_field()
    message_id: str
    in_reply_to: str | None = None
    references: list[str] = json_field(list)
    send_after: datetime = Field(default_factory=now)
    scheduled: bool = Field(default=False, index=True)
    attempts: int = 0
    error: str | None = None
    created_at: datetime = Field(default_factory=now)
    sent_at: datetime | None = None
