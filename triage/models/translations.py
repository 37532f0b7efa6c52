"""Drafts put into a language that a reviewer reads; never sent, only read beside the draft."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, now, text_field


class Translation(SQLModel, table=True):
    """One draft in one language: asked, done or failed. `sentences` are those of the draft, in order, with their translation."""

    __table_args__ = (UniqueConstraint("draft_id", "language"),)
    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id")
    language: str
    status: str = "asked"
    sentences: list[dict[str, str]] = json_field(list)
    model: str = ""
    error: str = text_field()
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    asked_by: int = Field(foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
