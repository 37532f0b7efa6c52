"""What searches find and what becomes of it: the record that ranking, gaps and metrics learn from."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import now, text_field


class SearchRecord(SQLModel, table=True):
    """One question asked of the knowledge base, by the agents for a ticket or by a person trying it out.

    `hits` counts the passages found, `top` is the best score (0 to 1). `decision` says whether they answer it:
    answer, clarify, abstain, or empty when nobody judged; `confidence` (0 to 1) is that of the decision.
    `repeats` is the earlier search of the same ticket or person that asked for much the same.
    """

    __table_args__ = (Index("ix_searchrecord_decision_at", "decision", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=now, index=True)
    source: str
    query: str = text_field()
    language: str = ""
    category: str = ""
    hits: int = 0
    top: float = 0.0
    article: str = ""
    decision: str = ""
    confidence: float = 0.0
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    episode_id: int | None = Field(default=None, foreign_key="episode.id", index=True)
    run_id: str | None = Field(default=None, foreign_key="run.id")
    user_id: int | None = Field(default=None, foreign_key="user.id")
    repeats: int | None = Field(default=None, foreign_key="searchrecord.id")


class PassageUse(SQLModel, table=True):
    """What became of one passage that the agents were given for one draft.

    `kept` is whether what rested on it was sent: None while the draft waits, or when the decision says nothing
    about it. `vote` is the reviewers' last word: 1 helpful, -1 wrong, 0 none.
    """

    __table_args__ = (UniqueConstraint("draft_id", "passage"),)
    id: int | None = Field(default=None, primary_key=True)
    draft_id: int = Field(foreign_key="draft.id")
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    passage: str
    article: str = Field(index=True)
    version: int = 0
    rank: int = 0
    score: float = 0.0
    cited: bool = False
    opened: bool = False
    kept: bool | None = None
    vote: int = 0
    at: datetime = Field(default_factory=now, index=True)
