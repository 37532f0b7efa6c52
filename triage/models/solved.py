"""Replies that a person approved and that were delivered, without personal data: precedents for the next like question."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, now, text_field


class SolvedCase(SQLModel, table=True):
    """What a customer asked and what was sent. `articles` are the cited ones with their versions; the vector is the question's."""

    id: int | None = Field(default=None, primary_key=True)
    decision_id: int = Field(foreign_key="decision.id", unique=True)
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    question: str = text_field()
    answer: str = text_field()
    articles: dict[str, int] = json_field()
    language: str = ""
    category: str = ""
    embedder: str = ""
    vector: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    solved_at: datetime = Field(default_factory=now, index=True)


class PrecedentUse(SQLModel, table=True):
    """A solved case that the agents of one run were shown, and how near it was (0 to 1)."""

    __table_args__ = (UniqueConstraint("run_id", "case_id"),)
    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(foreign_key="run.id")
    case_id: int = Field(foreign_key="solvedcase.id", index=True)
    score: float = 0.0
