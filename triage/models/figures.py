"""Figures counted beforehand, by day, and what has moved since."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from .base import now


class MetricDay(SQLModel, table=True):
    """The cases of one kind whose cohort is one day on the team's wall, as records (triage.learning.metrics.shape).

    `basis` names the definitions and business hours by which they were counted: under others they do not count. `mark`
    names the records by what is in them, "" for none. The records come last, as SQLite finds what stands behind a long
    value only by reading through it.
    """

    kind: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    basis: str
    mark: str = ""
    counted_at: datetime = Field(default_factory=now)
    records: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


class MetricWord(SQLModel, table=True):
    """A category, language, channel or reason, which records name by its number."""

    id: int | None = Field(default=None, primary_key=True)
    word: str = Field(unique=True)


class MetricChange(SQLModel, table=True):
    """Something that figures are made of has moved: a ticket, also as seen from its customer's others, or a moment.

    Written by triggers (triage.database.changes), taken away once the days concerned are counted anew.
    """

    id: int | None = Field(default=None, primary_key=True)
    ticket_id: int | None = None
    customer_id: int | None = None
    moment: datetime | None = None
