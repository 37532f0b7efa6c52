"""What keeps cost and failures within bounds: openings of breakers, counted calls, alerts."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import json_field, now, text_field


class BreakerOpening(SQLModel, table=True):
    """One time a breaker was open; `closed_at` is None while it is.

    `spared` counts the calls that were not made, `instead` those that another model answered in their place, at
    `instead_usd` US dollars together; `probes` the calls let through to see whether it answers again.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True)
    opened_at: datetime = Field(default_factory=now, index=True)
    closed_at: datetime | None = None
    why: str = text_field()
    failures: int = 0
    probes: int = 0
    spared: int = 0
    instead: int = 0
    instead_usd: float = 0.0


class RateCount(SQLModel, table=True):
    """Calls counted under a key in one window; `window` is its number since 1970."""

    key: str = Field(primary_key=True)
    window: int = Field(primary_key=True)
    count: int = 0


class Alert(SQLModel, table=True):
    """Something unusual that people should look at: open, then acknowledged by somebody, closed once it is over.

    `active` is the kind and what it is about while the alert is not closed, so that the same thing alerts once; None
    afterwards. `figures` holds what was measured and what is usual.
    """

    id: int | None = Field(default=None, primary_key=True)
    active: str | None = Field(default=None, unique=True)
    kind: str = Field(index=True)
    subject: str = ""
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id")
    status: str = Field(default="open", index=True)
    title: str = text_field()
    detail: str = text_field()
    figures: dict[str, object] = json_field()
    seen: int = 1
    first_at: datetime = Field(default_factory=now)
    last_at: datetime = Field(default_factory=now)
    acknowledged_by: int | None = Field(default=None, foreign_key="user.id")
    acknowledged_at: datetime | None = None
    comment: str = text_field()
    closed_at: datetime | None = None
