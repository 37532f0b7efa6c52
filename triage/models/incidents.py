"""Incidents: tickets of several customers about one matter, the text that answers them all, and who got it."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, now, text_field

TO_MANY = "incident:"
"""Begins `Draft.created_by` of what was sent to many at once; the incident's number follows."""


class TicketVector(SQLModel, table=True):
    """A ticket's own text as a vector, so that no text is embedded twice."""

    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    embedder: str = ""
    vector: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


class Incident(SQLModel, table=True):
    """One matter of several customers. `state` is proposed, open (a person confirmed it), over or dissolved.

    `size` customers wrote within `hours` when it was found, where `usual` are usual; `burst` says that this is out of
    the ordinary. `why` tells it in a sentence.
    """

    id: int | None = Field(default=None, primary_key=True)
    title: str = text_field()
    state: str = Field(default="proposed", index=True)
    category: str = ""
    terms: list[str] = json_field(list)
    why: str = text_field()
    size: int = 0
    hours: float = 0.0
    usual: float = 0.0
    burst: bool = False
    created_by: str = "clock"
    changed_by: int | None = Field(default=None, foreign_key="user.id")
    changed_at: datetime | None = None
    created_at: datetime = Field(default_factory=now, index=True)


class IncidentMember(SQLModel, table=True):
    """A ticket's place in an incident: a ticket has one at most. One that a person took `out` is not put in again.

    `nearness` (0 to 1) is how alike its text and the others' are; 1 when a person added it.
    """

    __table_args__ = (UniqueConstraint("ticket_id"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id", index=True)
    ticket_id: int = Field(foreign_key="ticket.id")
    out: bool = False
    nearness: float = 0.0
    added_by: str = "clock"
    created_at: datetime = Field(default_factory=now)


class MasterDraft(SQLModel, table=True):
    """One version of the text for all members, with slots such as {{name}}. A round is one message to the customers.

    `status` is writing, waiting (for a person), superseded or failed (with `error`). `article_versions` are those of
    the cited articles when it was written.
    """

    __table_args__ = (UniqueConstraint("incident_id", "round", "version"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    round: int = 1
    version: int = 1
    status: str = "writing"
    instruction: str = text_field()
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    language: str = ""
    subject: str = ""
    body: str = text_field()
    sentences: list[dict[str, object]] = json_field(list)
    citations: list[dict[str, object]] = json_field(list)
    article_versions: dict[str, int] = json_field()
    model: str = ""
    degraded: list[str] = json_field(list)
    error: str = text_field()
    created_by: str = "agents"
    created_at: datetime = Field(default_factory=now)


class IncidentReply(SQLModel, table=True):
    """That a member got a round's text, by which version and decision: a ticket gets each round once."""

    __table_args__ = (UniqueConstraint("incident_id", "round", "ticket_id"),)
    id: int | None = Field(default=None, primary_key=True)
    incident_id: int = Field(foreign_key="incident.id")
    round: int
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    master_id: int = Field(foreign_key="masterdraft.id", index=True)
    decision_id: int = Field(foreign_key="decision.id", unique=True)
    created_at: datetime = Field(default_factory=now)
