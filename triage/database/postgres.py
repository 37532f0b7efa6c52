"""Engines for PostgreSQL: one for all work, and one for screens, which read very many small things.

A read of a screen is a statement of its own (autocommit): under READ COMMITTED each statement sees its own state of the
database anyway, so a transaction around several costs a BEGIN and a ROLLBACK for nothing. And at a ROLLBACK the driver
drops every statement it had prepared, after which all of them are parsed and planned again. The server refuses what writes.
"""

from typing import Any

from sqlalchemy import Engine, create_engine, event

_POOL: dict[str, Any] = {
    "pool_size": 20, "max_overflow": 10, "pool_pre_ping": True,
    "pool_use_lifo": True,  # the connection used last has its statements prepared
}  # fmt: skip


def engines(url: str, **options: Any) -> tuple[Engine, Engine]:
    """The engine for all work, and the one for screens."""
    drawing = create_engine(url, isolation_level="AUTOCOMMIT", **_POOL, **options)

    @event.listens_for(drawing, "connect")
    def _only_read(connection: Any, _record: Any) -> None:
        connection.execute("SET default_transaction_read_only = on")

    return create_engine(url, **_POOL, **options), drawing
