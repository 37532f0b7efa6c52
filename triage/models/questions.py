"""Questions about the desk that people keep under a name."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import now, text_field


class SavedQuestion(SQLModel, table=True):
    """A question with its query, for whoever may ask."""

    __table_args__ = (UniqueConstraint("name"),)
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    name: str
    question: str = text_field()
    sql: str = text_field()
    created_at: datetime = Field(default_factory=now)
