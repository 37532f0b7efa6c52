"""What all tables share: column helpers and the one clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import JSON, Column, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The time in UTC; the only place that asks the system for it."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def clock_at(moment: datetime) -> Iterator[None]:
    """Pretend it is `moment` (aware UTC): for demo history and tests."""
    token = _frozen.set(moment)
    try:
        yield
    finally:
        _frozen.reset(token)


def new_id() -> str:
    """A random identifier of 32 hexadecimal digits."""
    return uuid4().hex


def json_field(default: Any = dict) -> Any:
    """A JSON column; `default` is a factory."""
    return Field(default_factory=default, sa_column=Column(JSON().with_variant(JSONB(), "postgresql"), nullable=False))


def exact_json_field(default: Any = dict) -> Any:
    """A JSON column that keeps the order of keys, which PostgreSQL's JSONB does not: for what is read back as it was said."""
    return Field(default_factory=default, sa_column=Column(JSON(), nullable=False))


def text_field(default: Any = "") -> Any:
    """An unbounded text column."""
    return Field(default=default, sa_column=Column(Text, nullable=default is None))
