"""What the database keeps beside the tables: words of documents, indexes that models cannot describe, views for questions.

Migrations on SQLite copy whole tables, which loses triggers and stumbles over those that name the table. So these things
are taken away before migrations run and put back after them; nothing of them holds anything that tables do not.
"""

from sqlalchemy import Connection, inspect

from triage.database import changes, documents, never, pressing, reporting
from triage.database.documents import TICKETS

PREFIX = "queue_"  # of the indexes, so that comparing schemas can leave them out


def take_away(connection: Connection) -> None:
    """Before migrations: views and (on SQLite) triggers, which are in their way, and indexes, which may be others after them."""
    dialect = connection.dialect.name
    reporting.take_away(connection)
    for kind, name, _ in documents.statements(TICKETS, dialect):
        if kind == "trigger" and dialect == "sqlite":
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}")
    changes.take_away(connection)
    never.take_away(connection)
    for name in pressing.indexes(dialect):
        connection.exec_driver_sql(f"DROP INDEX IF EXISTS {name}")


def put_back(connection: Connection) -> None:
    """Make what is missing; words that were not there are written for all rows."""
    dialect = connection.dialect.name
    columns = _columns(connection, "ticket")
    if not columns:
        if dialect == "sqlite":
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {TICKETS.words}")
        return
    there = names(connection)
    for kind, name, statement in documents.statements(TICKETS, dialect):
        if (kind, name) not in there:
            connection.exec_driver_sql(statement)
            if kind == "table":
                documents.fill(connection, TICKETS)
    tables = inspect(connection).get_table_names()
    changes.put_back(connection, tables)
    never.put_back(connection, tables, columns)
    if "due_at" not in columns:  # taken back to before there were due times to sort by
        return
    for name, statement in pressing.indexes(dialect).items():
        if ("index", name) not in there:
            connection.exec_driver_sql(statement)


def _columns(connection: Connection, table: str) -> set[str]:
    look = inspect(connection)
    return {str(column["name"]) for column in look.get_columns(table)} if look.has_table(table) else set()


def names(connection: Connection) -> set[tuple[str, str]]:
    """(kind, name) of what is there: tables, indexes, triggers and functions."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT type, name FROM sqlite_master")
    else:
        rows = connection.exec_driver_sql(
            "SELECT CASE relkind WHEN 'i' THEN 'index' ELSE 'table' END, relname FROM pg_class WHERE relkind IN ('r', 'i') "
            "AND relnamespace = current_schema()::regnamespace UNION ALL SELECT 'trigger', tgname FROM pg_trigger "
            "UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
        )
    return {(str(kind), str(name)) for kind, name in rows}
