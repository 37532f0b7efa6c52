"""PostgreSQL databases for tests: copies of one migrated template, made and dropped over one connection of the session."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from uuid import uuid4

from sqlalchemy import Engine, create_engine, text

TEMPLATE = "template_desk"


def execute(admin: str, statement: str) -> None:
    """Run a statement at the server, outside any transaction; `admin` is its address."""
    with _engine(admin).connect() as connection:
        connection.execute(text(statement))


def forget(admin: str) -> None:
    """Close the connection to a server that ends."""
    _engine(admin).dispose()


def address(admin: str, name: str) -> str:
    """The address of a database at that server."""
    head, _, query = admin.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")


@contextmanager
def copied(admin: str) -> Iterator[str]:
    """A database of one's own, migrated and empty; gives its address."""
    name = f"desk_{uuid4().hex[:12]}"
    execute(admin, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    yield address(admin, name)
    execute(admin, f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _engine(admin: str) -> Engine:
    return create_engine(admin.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT", pool_size=1)
