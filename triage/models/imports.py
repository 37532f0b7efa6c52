"""Imports of articles: each run with a line for every item, and what each item of a source became."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from .base import json_field, new_id, now, text_field


class ImportRun(SQLModel, table=True):
    """One import: waiting, running, done, stopped or failed. `files` are {"name", "path"} of what was handed in.

    `seen_at` is when its process last gave a sign of life; None for one that a worker takes up again by itself.
    `total` is how many items there are, 0 while nobody knows; `options` as `ImportOptions` has them.
    """

    id: str = Field(default_factory=new_id, primary_key=True)
    created_by: str
    status: str = Field(default="waiting", index=True)
    scope: str = ""
    options: dict[str, object] = json_field()
    files: list[dict[str, str]] = json_field(list)
    urls: list[str] = json_field(list)
    total: int = 0
    done: int = 0
    error: str = text_field()
    created_at: datetime = Field(default_factory=now, index=True)
    ended_at: datetime | None = None
    seen_at: datetime | None = None


class ImportLine(SQLModel, table=True):
    """What became of one item; `why` says what to do about it."""

    id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(foreign_key="importrun.id", index=True)
    source: str = text_field()
    outcome: str
    article_id: str = ""
    why: str = text_field()


class ImportedItem(SQLModel, table=True):
    """Which article an item of a source became, so that the next import of it finds the same article.

    `scope` names the folder, zip or site that `source` is a place in. `digest` is of the item as it was read last,
    `version` the version that was saved from it, `run` the last import that met it.
    """

    __table_args__ = (UniqueConstraint("scope", "source"),)
    id: int | None = Field(default=None, primary_key=True)
    scope: str = ""
    source: str = Field(index=True)
    article_id: str = Field(index=True)
    digest: str = Field(index=True)
    version: int = 0
    run: str = ""
