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
    latest_version: int = 0
    published_version: int | None = None
    created_at: datetime = Field(default_factory=now)
    updated_at: datetime = Field(default_factory=now)


class ArticleVersion(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("article_id", "number"),)
    id: int | None = Field(default=None, primary_key=True)
    article_id: str = Field(foreign_key="article.id", index=True)
    number: int
    title: str
    body: str = text_field()
    author: str = ""
    note: str = ""
    created_at: datetime = Field(default_factory=now)
    published_at: datetime | None = None


class Passage(SQLModel, table=True):
    """A searchable piece of a published version; its vector is kept so that the index can be rebuilt at once."""

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
    embedder: str = ""
    vector: bytes = Field(default=b"", sa_column=Column(LargeBinary, nullable=False))


class IndexState(SQLModel, table=True):
    """Grows with every publication, so that whoever owns the index knows what it lacks."""

    id: int = Field(default=1, primary_key=True)
    generation: int = 0


class Category(SQLModel, table=True):
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
