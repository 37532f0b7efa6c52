"""Bring a database to the newest schema: one set of migrations for SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from triage.database import reporting
from triage.database.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x7472_6D67  # two processes that start together migrate one after the other


def migrate(database: Database) -> None:
    """Create or upgrade all tables and the views of questions; safe to call at every start and from several processes."""
    from alembic import command

    with migrating(database) as connection:
        if _newest() != _here(connection):
            command.upgrade(config(connection), "head")
        reporting.put_back(connection)


@contextmanager
def migrating(database: Database) -> Iterator[Connection]:
    """A connection in one transaction to change the schema with; other processes that migrate wait.

    SQLite's migrations copy a table and drop the old one, which rows that refer to it would forbid: meanwhile it does
    not look at references, and they are checked before all of it counts.
    """
    with database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        try:
            if database.is_sqlite:
                driver.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if not database.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
                if database.is_sqlite and (lost := driver.execute("PRAGMA foreign_key_check").fetchone()):
                    raise RuntimeError(f"a migration left a row of {lost[0]} that refers to no row of {lost[2]}")
        finally:
            if database.is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def config(connection: Connection) -> "Config":
    """Alembic's configuration bound to an open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.attributes["connection"] = connection
    return made


@cache
def _newest() -> str | None:
    """The last revision that this code knows; every migration is loaded to find it."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _here(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()
