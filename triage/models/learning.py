"""What the desk learns from edits: each change between a draft and what was sent, and what people made of it."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel, UniqueConstraint

from .base import json_field, now, text_field


class Edit(SQLModel, table=True):
    """One place where what was sent differs from the draft: a sentence that was changed, taken out (`after` empty) or put in.

    `kind` is fact, tone, policy or format, `article` the one that the changed sentence cites. `taken_as` says what a
    person made of it: article, style, case, dismissed, or nothing yet.
    """

    __table_args__ = (UniqueConstraint("decision_id", "number"), Index("ix_edit_taken_as_id", "taken_as", "id"))
    id: int | None = Field(default=None, primary_key=True)
    decision_id: int = Field(foreign_key="decision.id")
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    number: int
    kind: str
    before: str = text_field()
    after: str = text_field()
    article: str = ""
    taken_as: str = ""
    taken_by: int | None = Field(default=None, foreign_key="user.id")
    taken_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class StyleSuggestion(SQLModel, table=True):
    """How the writer should write, as somebody suggests it; accepted, it becomes one of the desk's style rules."""

    id: int | None = Field(default=None, primary_key=True)
    text: str = text_field()
    edit_id: int | None = Field(default=None, foreign_key="edit.id", unique=True)
    status: str = Field(default="waiting", index=True)
    suggested_by: int = Field(foreign_key="user.id")
    decided_by: int | None = Field(default=None, foreign_key="user.id")
    decided_at: datetime | None = None
    comment: str = text_field()
    created_at: datetime = Field(default_factory=now)


class EvaluationCase(SQLModel, table=True):
    """A customer's message and the reply that is right, without personal data; `properties` are what any reply must have."""

    id: int | None = Field(default=None, primary_key=True)
    edit_id: int | None = Field(default=None, foreign_key="edit.id", unique=True)
    decision_id: int | None = Field(default=None, foreign_key="decision.id")
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    subject: str = text_field()
    question: str = text_field()
    expected: str = text_field()
    properties: dict[str, object] = json_field()
    language: str = ""
    category: str = ""
    source: str = ""
    made_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    removed_at: datetime | None = None


class BadAnswer(SQLModel, table=True):
    """A person's word that an answer is bad; one a person and answer (`about` is draft:ID or run:ID).

    `taken_as` says what came of it: article, style, case, dismissed, or nothing yet.
    """

    __table_args__ = (UniqueConstraint("about", "reported_by"), Index("ix_badanswer_taken_as_id", "taken_as", "id"))
    id: int | None = Field(default=None, primary_key=True)
    about: str
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    run_id: str | None = Field(default=None, foreign_key="run.id")
    draft_id: int | None = Field(default=None, foreign_key="draft.id")
    reason: str
    comment: str = text_field()
    reported_by: int = Field(foreign_key="user.id")
    taken_as: str = ""
    taken_by: int | None = Field(default=None, foreign_key="user.id")
    taken_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)
