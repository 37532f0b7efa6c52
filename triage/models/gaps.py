"""What the knowledge base lacks or gets wrong: unanswered questions, their groups, findings, rehearsals of a version."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, now, text_field


class Gap(SQLModel, table=True):
    """Questions of one matter that ended without support. Its id stays when the groups are made anew.

    `state` is open, dismissed, writing (an article waits as a draft) or closed (`closed_by` answers it since `changed_at`).
    `minutes` are those lost a week; `recent` and `earlier` count the questions of the last 14 days and of the 14 before.
    """

    id: int | None = Field(default=None, primary_key=True)
    title: str = text_field()
    terms: list[str] = json_field(list)
    languages: list[str] = json_field(list)
    size: int = 0
    minutes: float = Field(default=0.0, index=True)
    recent: int = 0
    earlier: int = 0
    near_article: str = ""
    near_heading: str = ""
    nearness: float = 0.0
    advice: str = ""
    words: list[str] = json_field(list)
    state: str = Field(default="open", index=True)
    reason: str = text_field()
    draft_article: str = ""
    closed_by: str = ""
    changed_by: int | None = Field(default=None, foreign_key="user.id")
    changed_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class GapQuestion(SQLModel, table=True):
    """One such question, kept with its vector so that nothing is embedded twice. `source` is episode:ID:N or search:…

    `minutes` were lost on it; `estimated` says that nobody handled it yet and the others' median stands in.
    """

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(unique=True)
    ticket_id: int | None = Field(default=None, foreign_key="ticket.id", index=True)
    signals: list[str] = json_field(list)
    text: str = text_field()
    language: str = ""
    minutes: float = 0.0
    estimated: bool = False
    asked_at: datetime = Field(default_factory=now, index=True)
    embedder: str = ""
    vector: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
    gap_id: int | None = Field(default=None, foreign_key="gap.id", index=True)


class Finding(SQLModel, table=True):
    """Two passages that say the same twice (duplicate) or different things of one matter (contradiction).

    `key` names what was found by its words, so that what was dismissed stays so until a text changes. `left` and
    `right` hold article, version, title, heading, text and the marked spans (start, end) in it.
    """

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    kind: str = Field(index=True)
    left_article: str = Field(foreign_key="article.id", index=True)
    right_article: str = Field(foreign_key="article.id", index=True)
    left: dict[str, object] = json_field()
    right: dict[str, object] = json_field()
    why: str = ""
    score: float = 0.0
    state: str = Field(default="open", index=True)
    reason: str = text_field()
    changed_by: int | None = Field(default=None, foreign_key="user.id")
    changed_at: datetime | None = None
    created_at: datetime = Field(default_factory=now)


class CheckedArticle(SQLModel, table=True):
    """Which published version of an article was last held against the others."""

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    version: int
    checked_at: datetime = Field(default_factory=now)


class Rehearsal(SQLModel, table=True):
    """What a version would change: past tickets drafted again as if it were published. Kept with the version.

    `status` is waiting, running, done, failed or stopped. `expected_usd` was told before it began, `cost_usd` is what it took.
    """

    id: int | None = Field(default=None, primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    version: int
    status: str = "waiting"
    wanted: int = 0
    expected_usd: float = 0.0
    cost_usd: float = 0.0
    model: str = ""
    error: str = text_field()
    started_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None


class RehearsedTicket(SQLModel, table=True):
    """One ticket of a rehearsal: the reply before and after, as plain values; nothing of it is part of the ticket.

    `verdict` is same, changed, unsupported, escalated, answered or failed. `before` and `after` hold status, reason,
    body, sentences and cited articles.
    """

    __table_args__ = (UniqueConstraint("rehearsal_id", "draft_id"),)
    id: int | None = Field(default=None, primary_key=True)
    rehearsal_id: int = Field(foreign_key="rehearsal.id")
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    draft_id: int = Field(foreign_key="draft.id")
    verdict: str = ""
    before: dict[str, object] = json_field()
    after: dict[str, object] = json_field()
    seconds: float = 0.0
    created_at: datetime = Field(default_factory=now)
