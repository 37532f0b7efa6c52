"""Customers, their orders, their tickets and every message of them."""

from datetime import datetime

from sqlalchemy import String
from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from .base import json_field, now, text_field
from .statuses import Priority, Sentiment, Status


class Customer(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    external_id: str = Field(unique=True)
    name: str
    email: str = Field(unique=True)
    tier: str = "standard"
    language: str = "en"
    country: str = ""
    since: str = ""
    verified: bool = False
    profile: dict[str, object] = json_field()
    note: str = ""


class Order(SQLModel, table=True):
    __tablename__ = "customer_order"
    number: str = Field(primary_key=True)
    customer_id: int = Field(foreign_key="customer.id", index=True)
    status: str
    placed_at: datetime
    delivered_at: datetime | None = None
    total: str
    currency: str = "EUR"
    carrier: str = ""
    tracking: str = ""
    items: list[dict[str, object]] = json_field(list)


class Ticket(SQLModel, table=True):
    """One matter of one customer. `status` changes only through triage.transitions, due times through triage.sla.clocks.

    `first_reply_due` is of the reply that is owed now (the first or a further one), `decide_due` of the draft that waits;
    `due_at` is the earliest of all and `due_kind` whose it is. `paused` says for whom nothing counts at present,
    `clock_at` when the clock has to look at the ticket next, `sla` what due times are worked out from.
    `training`: a bare row that gives an exercise its number (Exercise); nothing of it is ever sent, learnt from or counted.
    """

    __table_args__ = (Index("ix_ticket_status_due", "status", "due_at"),)
    id: int | None = Field(default=None, primary_key=True)
    source_id: str | None = Field(default=None, unique=True)
    channel: str = "email"
    status: Status = Field(default=Status.RECEIVED, sa_type=String)
    reason: str | None = None
    error: str | None = None
    subject: str = ""
    requester_name: str = ""
    requester_email: str = Field(default="", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customer.id", index=True)
    identity: str = "unknown"
    category: str = Field(default="", index=True)
    priority: Priority = Field(default=Priority.NORMAL, sa_type=String)
    sentiment: Sentiment = Field(default=Sentiment.NEUTRAL, sa_type=String)
    language: str = ""
    confidence: float = 0.0
    risk: str = "low"
    approver: str = "staff"
    duplicate_of: int | None = Field(default=None, foreign_key="ticket.id")
    merged_into: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    team: str = Field(default="", index=True)
    assignee_id: int | None = Field(default=None, foreign_key="user.id", index=True)
    claimed_by: int | None = Field(default=None, foreign_key="user.id")
    claimed_until: datetime | None = None
    snoozed_until: datetime | None = None
    first_reply_due: datetime | None = None
    resolve_due: datetime | None = None
    decide_due: datetime | None = None
    due_at: datetime | None = None
    due_kind: str = ""
    paused: str = ""
    clock_at: datetime | None = Field(default=None, index=True)
    target_plan: int = 0
    sla: dict[str, object] = json_field()
    episode_id: int | None = None
    draft_id: int | None = None
    thread_head: int | None = None
    training: bool = False
    created_at: datetime = Field(default_factory=now, index=True)
    updated_at: datetime = Field(default_factory=now)


class Episode(SQLModel, table=True):
    """A customer's demand from its first message to its resolution: the unit of every metric.

    `said_…` is what the agents made of it, `final_…` what a person put in its place ("" where nobody did).
    `escalation_label` is a reviewer's word on it: right, false (escalated without need), missed, or "".
    `confirmed_by` is what verified its resolution (customer, rating, model), `judged` what a second model said: yes, no, unsure, or "".
    """

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    number: int = 1
    started_at: datetime = Field(default_factory=now, index=True)
    draft_ready_at: datetime | None = None
    escalated_at: datetime | None = None
    escalation_reason: str | None = None
    first_reply_at: datetime | None = None
    first_reply_due: datetime | None = None
    resolve_due: datetime | None = None
    resolved_at: datetime | None = None
    resolution: str | None = None
    confirmed_by: str = ""
    judged: str = ""
    replies: int = 0
    next_replies: int = 0
    next_late: int = 0
    transfers: int = 0
    eligible: bool = True
    category: str = ""
    language: str = ""
    channel: str = "email"
    said_category: str = ""
    said_priority: str = ""
    said_team: str = ""
    final_category: str = ""
    final_priority: str = ""
    final_team: str = ""
    escalation_label: str = ""
    csat: int | None = None
    csat_comment: str = text_field()


class Message(SQLModel, table=True):
    """One message in or out. `body` is what the sender wrote and a reader would see.

    `source_id` is the id of the delivery that brought it (taken in once), `duplicate_of` the message it repeats.
    """

    __table_args__ = (Index("ix_message_author_email_created_at", "author_email", "created_at"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    episode_id: int | None = Field(default=None, foreign_key="episode.id")
    source_id: str | None = Field(default=None, index=True)
    duplicate_of: int | None = Field(default=None, foreign_key="message.id")
    direction: str = "in"
    author_name: str = ""
    author_email: str = ""
    user_id: int | None = Field(default=None, foreign_key="user.id")
    subject: str = ""
    body: str = text_field()
    quoted: str = text_field()
    signature: str = text_field()
    hidden: str = text_field()
    language: str = ""
    message_id: str | None = Field(default=None, index=True)
    in_reply_to: str | None = None
    references: list[str] = json_field(list)
    fingerprint: str = Field(default="", index=True)
    raw_sha256: str | None = Field(default=None, index=True)
    sent_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class Attachment(SQLModel, table=True):
    """A file that came with a message; `refused` says why it was not kept."""

    id: int | None = Field(default=None, primary_key=True)
    message_id: int = Field(foreign_key="message.id", index=True)
    filename: str
    content_type: str
    size: int
    sha256: str = ""
    text: str = text_field()
    refused: str | None = None


class Quarantine(SQLModel, table=True):
    """Raw input that could not become an ordinary ticket, kept with the reason."""

    __table_args__ = (UniqueConstraint("ticket_id"),)
    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    reason: str
    detail: str = text_field()
    raw_sha256: str | None = None
    created_at: datetime = Field(default_factory=now)
