"""Runs a checked query where it can only read: a connection of its own, limits of time, rows and size.

The guard has said yes before; what is here holds even if it erred. On SQLite the file is opened for reading only and an
authorizer lets through what the views themselves read, through a view; on PostgreSQL the transaction is read-only, has a
time-out, and belongs to the role `triage_ask` where an administrator has made it.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from triage.asking.guard import MOST_ROWS, Refused, checked, executable
from triage.database import Database
from triage.database.reporting import LOCAL, ROLE, VIEWS, ZONE

SECONDS = 5.0
LARGEST = 1_000_000  # characters of an answer
_LONGEST_TEXT = 100_000  # bytes of one value that SQLite may make
_STEPS = 5_000  # of SQLite's machine between two looks at the clock
_FUNCTIONS = frozenset(
    {"count", "sum", "avg", "min", "max", "round", "abs", "coalesce", "nullif", "lower", "upper", "length", "substr", "substring",
     "trim", "row_number", "rank", "dense_rank", "lag", "lead", "like", "date", "strftime", "julianday", LOCAL}
)  # fmt: skip
Value = str | int | float | None


@dataclass(frozen=True)
class Answer:
    """What a query gave: `cut` when there were more rows than may be shown. `sql` is what ran."""

    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    cut: bool
    seconds: float


def run(database: Database, sql: str, zone: ZoneInfo, *, seconds: float = SECONDS) -> Answer:
    """The answer to a query, with times of this zone.

    Raises Refused when it is not one that may run, when the database does not take it, when it takes longer than `seconds`
    or when its answer is too large.
    """
    dialect = database.engine.dialect.name
    text = checked(sql, dialect)
    rows = _limit_of(text)
    started = time.perf_counter()
    ready = executable(text, dialect)
    if database.is_sqlite:
        columns, found = _on_sqlite(Path(str(database.engine.url.database)), ready, zone, seconds)
    else:
        columns, found = _on_postgresql(database, ready, zone, seconds)
    if sum(len(str(value)) for row in found for value in row) > LARGEST:
        raise Refused(f"The answer is larger than {LARGEST:,} characters; ask for fewer columns or rows.")
    plain = tuple(tuple(_plain(value) for value in row) for row in found[:MOST_ROWS])
    return Answer(text, columns, plain, rows == MOST_ROWS and len(found) >= MOST_ROWS, time.perf_counter() - started)


def _limit_of(text: str) -> int:
    return int(text.rpartition("LIMIT")[2].split()[0])


def _plain(value: Any) -> Value:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, bool):
        return int(value)
    return value if value is None or isinstance(value, str | int | float) else str(value)


# ---- SQLite -----------------------------------------------------------------------------------------------


def _on_sqlite(file: Path, sql: str, zone: ZoneInfo, seconds: float) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
    with closing(reader(file, zone)) as connection:
        connection.set_authorizer(_authorizer(_read_by_views(connection)))
        end = time.monotonic() + seconds
        connection.set_progress_handler(lambda: int(time.monotonic() > end), _STEPS)
        try:
            cursor = connection.execute(sql)
            return _titles(cursor.description), cursor.fetchmany(MOST_ROWS + 1)
        except sqlite3.Error as error:
            if time.monotonic() > end:
                raise _too_slow(seconds) from error
            raise Refused(_said(str(error))) from error


def reader(file: Path, zone: ZoneInfo) -> sqlite3.Connection:
    """A connection that cannot write, load, attach or make long values, and knows the team's zone."""
    connection = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True, timeout=SECONDS)
    connection.execute("PRAGMA query_only = ON")
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_TEXT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0)
    connection.create_function(LOCAL, 1, lambda moment: _local(moment, zone), deterministic=True)
    return connection


def _local(moment: str | None, zone: ZoneInfo) -> str | None:
    if not moment:
        return None
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _read_by_views(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """(table, column) of everything that the views themselves read."""
    found: set[tuple[str, str]] = set()

    def note(action: int, first: str | None, second: str | None, _database: str | None, _view: str | None) -> int:
        if action == sqlite3.SQLITE_READ:
            found.add((str(first), str(second)))
        return sqlite3.SQLITE_OK

    connection.set_authorizer(note)
    for name in VIEWS:
        connection.execute(f"EXPLAIN SELECT * FROM {name}").close()
    return frozenset(found)


def _authorizer(readable: frozenset[tuple[str, str]]) -> Callable[..., int]:
    """Lets through reading views, reading by way of a view what that view reads, and the functions the guard knows."""
    tables = {table for table, _ in readable}

    def judge(action: int, first: str | None, second: str | None, database: str | None, view: str | None) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION and second and second.lower() in _FUNCTIONS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ:
            seen = (first, second) in readable or (not second and (first in tables or first in VIEWS or database is None))
            if first in VIEWS or database is None or (seen and view in VIEWS):
                return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return judge


# ---- PostgreSQL -------------------------------------------------------------------------------------------


def _on_postgresql(
    database: Database, sql: str, zone: ZoneInfo, seconds: float
) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
    with _reading(database, zone, seconds) as connection:
        driver: Any = connection.connection.dbapi_connection
        try:
            with driver.cursor() as cursor:
                cursor.execute(sql)
                return _titles(cursor.description), cursor.fetchmany(MOST_ROWS + 1)
        except driver_errors(database) as error:
            if type(error).__name__ == "QueryCanceled":
                raise _too_slow(seconds) from error
            raise Refused(_said(str(error))) from error


def driver_errors(database: Database) -> type[Exception]:
    """The base of what the driver raises."""
    loaded: Any = database.engine.dialect.loaded_dbapi
    found: type[Exception] = loaded.Error
    return found


@contextmanager
def _reading(database: Database, zone: ZoneInfo, seconds: float) -> Iterator[Connection]:
    """A transaction that only reads and ends by itself; nothing of it outlives the block."""
    with database.engine.connect() as connection:
        say = connection.exec_driver_sql
        say("SET TRANSACTION READ ONLY")
        for name, value in (
            ("statement_timeout", int(seconds * 1000)), ("lock_timeout", int(seconds * 1000)), ("work_mem", "16MB"),
            ("max_parallel_workers_per_gather", 0), (ZONE, zone.key),
        ):  # fmt: skip
            say("SELECT set_config(%s, %s, true)", (name, str(value)))
        if _may_be_role(connection):
            say(f"SET LOCAL ROLE {ROLE}")
        try:
            yield connection
        finally:
            connection.rollback()


def _may_be_role(connection: Connection) -> bool:
    """Whether the role of questions exists, may be taken on, and may read every view."""
    say = connection.exec_driver_sql
    found = say("SELECT pg_has_role(oid, 'MEMBER') FROM pg_roles WHERE rolname = %s", (ROLE,)).scalar()
    return bool(found) and all(say("SELECT has_table_privilege(%s, %s, 'SELECT')", (ROLE, name)).scalar() for name in VIEWS)


def _titles(description: Any) -> tuple[str, ...]:
    return tuple(str(column[0]) for column in description)


def _too_slow(seconds: float) -> Refused:
    return Refused(f"This took longer than {seconds:g} seconds and was stopped; ask for a shorter period or for less at once.")


def _said(error: str) -> str:
    return f"The database did not take it: {error.splitlines()[0][:200].rstrip('.')}."


__all__ = ["LARGEST", "SECONDS", "Answer", "Value", "reader", "run"]
