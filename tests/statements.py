"""What a database is asked, as it hears it itself: statements that go straight to the driver among them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

_AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "--")  # the last is what a trigger does


@contextmanager
def told(*engines: Engine, around: bool = False) -> Iterator[list[str]]:
    """What is asked while the block lasts, on connections taken from these engines within it; with `around`, what begins
    and ends transactions too. Rows that one after the other go into a table by the same words are one statement.
    """
    said: list[str] = []
    heard: list[Any] = []

    def note(statement: str) -> None:
        if (around or not statement.startswith(_AROUND)) and not (said and _another_row(said[-1], statement)):
            said.append(statement)

    def listen(connection: Any, *_more: Any) -> None:
        connection.set_trace_callback(note)
        heard.append(connection)

    def sent(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        note(statement)

    hooks = [
        (engine, *hook)
        for engine in dict.fromkeys(engines)
        for hook in ([("checkout", listen)] if engine.dialect.name == "sqlite" else [("before_cursor_execute", sent)])
    ]
    for hook in hooks:
        event.listen(*hook)
    try:
        yield said
    finally:
        for hook in hooks:
            event.remove(*hook)
        for connection in heard:
            connection.set_trace_callback(None)


def _another_row(before: str, statement: str) -> bool:
    into, values, _ = statement.partition(" VALUES (")
    return into.startswith("INSERT") and before.startswith(into + values)
