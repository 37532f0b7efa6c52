"""Bring a database to the newest schema: one set of migrations for SQLite and PostgreSQL."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from triage.database.engine import Database

if TYPE_CHECKING:
    from alembic.config import Config

_LOCK = 0x7472_6D67  # two processes that start together migrate one after the other


def migrate(database: Database) -> None:
    """Create or upgrade all tables; safe to call at every start and from several processes."""
    from alembic import command

    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _newest(connection) != _here(connection):
            command.upgrade(config(connection), "head")


def config(connection: Connection) -> "Config":
    """Alembic's configuration bound to an open connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    made.attributes["connection"] = connection
    return made


def _newest(connection: Connection) -> str | None:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config(connection)).get_current_head()


def _here(connection: Connection) -> str | None:
    from alembic.migration import MigrationContext

    return MigrationContext.configure(connection).get_current_revision()
