"""What the database itself refuses, whoever asks: a message on an exercise's ticket, and to take the mark of an exercise away."""

from collections.abc import Container

from sqlalchemy import Connection

_SENT = "an exercise is never sent"
_MARKED = "an exercise stays one"
_ON_EXERCISE = "EXISTS (SELECT 1 FROM ticket WHERE ticket.id = new.ticket_id AND ticket.training)"
_RULES = (
    ("never_sent", "outbox", "INSERT", _ON_EXERCISE, _SENT),
    ("never_moved", "outbox", "UPDATE OF ticket_id", _ON_EXERCISE, _SENT),
    ("never_unmarked", "ticket", "UPDATE OF training", "old.training AND NOT new.training", _MARKED),
)
"""Each rule: its name, the table, what happens to a row, when that is refused, and why."""


def take_away(connection: Connection) -> None:
    """Drop the triggers; migrations on SQLite stumble over them."""
    for name, table, *_ in _RULES:
        on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}{on}")


def put_back(connection: Connection, tables: Container[str], of_ticket: Container[str]) -> None:
    """Make the triggers anew, where tickets can be marked (`of_ticket` are the columns of that table)."""
    if "outbox" not in tables or "training" not in of_ticket:
        return
    take_away(connection)
    sqlite = connection.dialect.name == "sqlite"
    for name, table, event, when, why in _RULES:
        if not sqlite:
            body = f"BEGIN IF {when} THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END"
            connection.exec_driver_sql(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        then = f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{why}'); END" if sqlite else f"FOR EACH ROW EXECUTE FUNCTION {name}()"
        connection.exec_driver_sql(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {then}")
