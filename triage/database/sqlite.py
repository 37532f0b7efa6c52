"""Engines for a SQLite file: one for what writes, one for what only reads, one for a library that writes beside us.

The driver's own transactions lose updates under two writers, so ours begin here: those that write wait for the lock
first (IMMEDIATE). They begin in the dialect, not by a listener: one listener makes every statement look for more.
"""

from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from triage.database import documents

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000", "cache_size=-16000")
_WRITING = "temp_store=MEMORY"  # what takes a statement back when it fails is short, and made for every few statements


class Writing(SQLiteDialect_pysqlite):
    """Transactions that hold the write lock from their beginning."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.execute("BEGIN IMMEDIATE")


class Reading(SQLiteDialect_pysqlite):
    """Transactions that see one state of the database and keep nobody from writing."""

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: Any) -> None:
        dbapi_connection.execute("BEGIN")


registry.register("sqlite.writing", __name__, "Writing")
registry.register("sqlite.reading", __name__, "Reading")


def engines(url: str, **options: Any) -> tuple[Engine, Engine]:
    """The engine that writes, and the one that reads."""
    return _engine(url, "sqlite+writing", None, **options), _engine(url, "sqlite+reading", None, **options)


def guest_engine(url: URL, turn: Any, **options: Any) -> Engine:
    """The driver begins a transaction, IMMEDIATE, before what writes; a connection is lent out while it is its turn."""
    engine = _engine(url, "sqlite", "IMMEDIATE", **options)
    event.listen(engine, "checkout", lambda *_: turn.acquire())
    event.listen(engine, "checkin", lambda *_: turn.release())
    return engine


def _engine(url: str | URL, driver: str, isolation_level: str | None, **options: Any) -> Engine:
    """The connection used last is used next: it has its statements prepared and its pages read."""
    engine = create_engine(
        make_url(url).set(drivername=driver), connect_args={"timeout": 30, "check_same_thread": False}, pool_size=20,
        max_overflow=40, pool_use_lifo=True, **options,
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = isolation_level
        for pragma in (*_PRAGMAS, _WRITING) if driver == "sqlite+writing" else _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.create_function(documents.SPACED, 1, documents.spaced, deterministic=True)  # triggers call it

    return engine
