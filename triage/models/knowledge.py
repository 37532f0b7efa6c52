"""Articles, their versions and passages: what a reply may be grounded in."""

from datetime import date, datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, now, text_field


class Article(SQLModel, table=True):
    id: str = Field(primary_key=True)
    kind: str = "article"
    category: str = Field(default="", index=True)
    audience: str = "public"
    language: str = "en"
    status: str = Field(default="draft", index=True)
    owner: str = ""
    product: list[str] = json_field(list)
    labels: list[str] = json_field(list)
    verified_on: date | None = None
    source: str = ""
    translation_of: str = Field(default="", index=True)
    latest_version: int = 0
    published_version: int | None = None
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class ArticleVersion(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("article_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    article_id: str = Field(foreign_key="article.id")
    number: int
    title: str
    body: str = text_field()
    author: str = ""
    note: str = ""
    created_at: datetime = Field(default_factory=now)
    published_at: datetime | None = None


class ArticleReview(SQLModel, table=True):
    """A version that another administrator was asked to look at: waiting, approved, returned or withdrawn.

    `reviewer_id` is whom the author asked, None for whoever comes first; `decided_by` is who answered.
    """

    id: int | None = Field(default=None, primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    number: int
    status: str = Field(default="waiting", index=True)
    asked_by: int = Field(foreign_key="user.id")
    reviewer_id: int | None = Field(default=None, foreign_key="user.id")
    question: str = text_field()
    decided_by: int | None = Field(default=None, foreign_key="user.id")
    comment: str = text_field()
    created_at: datetime = Field(default_factory=now)
    decided_at: datetime | None = None


class ArticleFile(SQLModel, table=True):
    """A file that belongs to an article; its bytes lie with those of messages, under their hash."""

    id: int | None = Field(default=None, primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    filename: str
    content_type: str
    size: int
    sha256: str
    added_by: int | None = Field(default=None, foreign_key="user.id")
    created_at: datetime = Field(default_factory=now)
    removed_at: datetime | None = None


class ArticleAlias(SQLModel, table=True):
    """An id that an article had before it was renamed."""

    id: str = Field(primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    created_at: datetime = Field(default_factory=now)


class ArticleUse(SQLModel, table=True):
    """How replies of the last 90 days used an article, counted by the clock.

    `replies` cite it; of their `sentences` that rest on it, people changed or removed `edited`.
    """

    article_id: str = Field(foreign_key="article.id", primary_key=True)
    replies: int = 0
    sentences: int = 0
    edited: int = 0


class WorkingCopy(SQLModel, table=True):
    """What one person is writing in an article and has not saved; `article` is its id, or "new" and what it begins from.

    `base` is the version it started from, `revision` grows with every keystroke that was kept.
    """

    __table_args__ = (UniqueConstraint("user_id", "article"),)
    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user.id")
    article: str = Field(index=True)
    base: int = 0
    revision: int = 0
    title: str = ""
    body: str = text_field()
    note: str = ""
    meta: dict[str, object] = json_field()
    updated_at: datetime = Field(default_factory=now)


class Passage(SQLModel, table=True):
    """A searchable piece of a published version."""

    id: str = Field(primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    version: int
    ordinal: int
    title: str
    heading: str = ""
    text: str = text_field()
    category: str = ""
    audience: str = "public"
    language: str = "en"
    generation: int = Field(default=0, index=True)


class PassageVector(SQLModel, table=True):
    """What a passage means to one embedder, as float32 of unit length; kept so that the index can be rebuilt at once.

    It always belongs to the passage's present text. During a change of the embedder passages have two.
    """

    embedder: str = Field(primary_key=True)
    passage_id: str = Field(primary_key=True, foreign_key="passage.id", ondelete="CASCADE", index=True)
    vector: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class IndexState(SQLModel, table=True):
    """What indexes follow: `generation` grows with every publication; the vectors of `embedder` are whole.

    `rebuilds` grows when somebody asks for indexes to be made anew.
    """

    id: int = Field(default=1, primary_key=True)
    generation: int = 0
    embedder: str = ""
    rebuilds: int = 0


class IndexBuild(SQLModel, table=True):
    """A longer work on what searches use, with its progress: "vectors" (passages embedded anew) or "index" (made anew)."""

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    embedder: str
    done: int = 0
    total: int = 0
    started_at: datetime = Field(default_factory=now)
    changed_at: datetime = Field(default_factory=now)
    ended_at: datetime | None = None
    problem: str = ""


class Category(SQLModel, table=True):
    """A matter that tickets are filed under; `team` names the group that gets them."""

    slug: str = Field(primary_key=True)
    title: str
    description: str = ""
    default_priority: str = "normal"
    team: str = ""


class CategoryExample(SQLModel, table=True):
    """A labelled message, the offline model's teacher."""

    id: int | None = Field(default=None, primary_key=True)
    category: str = Field(foreign_key="category.slug", index=True)
    text: str = text_field()
    vector: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))
