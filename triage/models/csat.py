"""Asking customers how it went, once for each matter that was resolved."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import now, text_field


class CsatRequest(SQLModel, table=True):
    """One request for a rating. `status` is waiting, queued, sent, answered, skipped or failed; `reason` says why it was skipped.

    Of the link only the hash is kept; `outbox_id` is the mail that carries it.
    """

    id: int | None = Field(default=None, primary_key=True)
    episode_id: int = Field(foreign_key="episode.id", unique=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    status: str = Field(default="waiting", index=True)
    reason: str = ""
    token_hash: str | None = Field(default=None, unique=True)
    recipient: str = Field(default="", index=True)
    outbox_id: int | None = Field(default=None, foreign_key="outbox.id", unique=True)
    send_after: datetime = Field(default_factory=now)
    sent_at: datetime | None = None
    expires_at: datetime | None = None
    score: int | None = None
    comment: str = text_field()
    answered_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class CsatOptOut(SQLModel, table=True):
    """An address that wants no such mail, because its owner said so behind a link that only they had."""

    email: str = Field(primary_key=True)
    created_at: datetime = Field(default_factory=now)
