"""What things are called besides: an administrator's list, for searches."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import json_field, now


class SynonymGroup(SQLModel, table=True):
    """Terms that mean the same in this base, such as VAT and value added tax."""

    id: int | None = Field(default=None, primary_key=True)
    terms: list[str] = json_field(list)
    author: str = ""
    created_at: datetime = Field(default_factory=now)
