"""Triggers that note what figures are made of when it moves, whoever moved it, so that its days are counted anew.

They only append, so that no writer waits for another.
"""

from collections.abc import Container
from dataclasses import dataclass

from sqlalchemy import Connection

LOG = "metricchange"


@dataclass(frozen=True)
class Watched:
    """A table; `columns` are those whose change matters (none: all), `values` what is noted of a row named `{row}`."""

    table: str
    values: str = "{row}.ticket_id, NULL, NULL"
    columns: str = ""


_OF_CUSTOMER = "{row}.ticket_id, (SELECT customer_id FROM ticket WHERE id = {row}.ticket_id), {row}.started_at"
WATCHED = (
    Watched("episode", _OF_CUSTOMER),
    Watched("ticket", "{row}.id, {row}.customer_id, NULL", "customer_id, category, language, training"),
    Watched("draft"),
    Watched("decision"),
    Watched("edit"),
    Watched("message", columns="ticket_id, episode_id, direction, user_id"),
    Watched("run"),
    Watched(
        "runstep", "(SELECT ticket_id FROM run WHERE id = {row}.run_id), NULL, NULL", "kind, role, name, seconds, error, cost_usd"
    ),
    Watched("proposal", "{row}.ticket_id, NULL, NULL", "run_id, tool, status, cost_usd"),
    Watched("searchrecord"),
    Watched("passageuse"),
    Watched("csatrequest", columns="status"),
    Watched("breakeropening", "NULL, NULL, {row}.opened_at", "name, opened_at"),
)


def take_away(connection: Connection) -> None:
    """Drop the triggers; migrations on SQLite stumble over them."""
    for watched in WATCHED:
        for name in _triggers(watched, connection.dialect.name):
            table = "" if connection.dialect.name == "sqlite" else f" ON {watched.table}"
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{table}")


def put_back(connection: Connection, tables: Container[str]) -> None:
    """Make the triggers anew, where there is a log for them among the database's tables."""
    take_away(connection)
    if LOG not in tables:
        return
    for watched in WATCHED:
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql(_function(watched))
        for statement in _triggers(watched, connection.dialect.name).values():
            connection.exec_driver_sql(statement)


def _note(watched: Watched, row: str) -> str:
    return f"INSERT INTO {LOG}(ticket_id, customer_id, moment) VALUES ({watched.values.format(row=row)})"


def _triggers(watched: Watched, dialect: str) -> dict[str, str]:
    """The statements that make a table's triggers, by their names."""
    table, name = watched.table, f"counted_{watched.table}"
    changed = f"UPDATE OF {watched.columns}" if watched.columns else "UPDATE"
    if dialect != "sqlite":
        events = f"INSERT OR {changed} OR DELETE ON {table}"
        return {name: f"CREATE TRIGGER {name} AFTER {events} FOR EACH ROW EXECUTE FUNCTION {name}()"}
    work = {
        f"{name}_insert": ("INSERT", _note(watched, "new")),
        f"{name}_update": (changed, f"{_note(watched, 'old')}; {_note(watched, 'new')}"),
        f"{name}_delete": ("DELETE", _note(watched, "old")),
    }
    return {each: f"CREATE TRIGGER {each} AFTER {event} ON {table} BEGIN {notes}; END" for each, (event, notes) in work.items()}


def _function(watched: Watched) -> str:
    """What PostgreSQL's trigger calls."""
    body = (
        f"BEGIN IF TG_OP <> 'INSERT' THEN {_note(watched, 'old')}; END IF; "
        f"IF TG_OP <> 'DELETE' THEN {_note(watched, 'new')}; END IF; RETURN NULL; END"
    )
    return f"CREATE OR REPLACE FUNCTION counted_{watched.table}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
