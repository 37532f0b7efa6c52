"""Statements that every ticket needs, straight to SQLite's driver: for a quarter of what SQLAlchemy's way costs.

Nine tenths of a short statement's time on SQLite go into what surrounds it. Here it is compiled once, and what stays
is to turn values into the driver's and back, by the same types. It runs in the session's own transaction. On
PostgreSQL, where the way to the server outweighs all that, the statement goes SQLAlchemy's way.
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Engine, Executable, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

Values = Mapping[str, Any]
_Convert = Callable[[Any], Any]
_NONE: Values = {}
_PREPARED = 1024
_WAY = "direct"  # where a session notes its way


def rows(session: Session, statement: Executable, values: Values = _NONE) -> Sequence[Any]:
    """All rows that a statement gives, each with its columns by name. What waits in the session is not written first."""
    way = _way(session)
    if way.driver is None:
        return way.connection.execute(statement, values).all()
    ready = prepared(statement, (), way.connection.dialect)
    return [ready.row(found) for found in ready.found(way.driver, values)]


def first(session: Session, statement: Executable, values: Values = _NONE) -> Any:
    """The first row, or None."""
    found = rows(session, statement, values)
    return found[0] if found else None


def rows_of_each(session: Session, statement: Executable, each: Sequence[Values]) -> Sequence[Any]:
    """All rows that an INSERT … RETURNING gives for several, all with the same columns."""
    way = _way(session)
    if way.driver is None:
        return way.connection.execute(statement, each).all()
    ready = prepared(statement, tuple(each[0]), way.connection.dialect)
    return [ready.row(found) for values in each for found in ready.found(way.driver, values)]


def insert(session: Session, statement: Executable, values: Values) -> int | None:
    """Insert a row; gives its number when the database numbered it."""
    way = _way(session)
    if way.driver is None:
        key = way.connection.execute(statement, values).inserted_primary_key
        return key[0] if key else None
    return prepared(statement, tuple(values), way.connection.dialect).run(way.driver, values).lastrowid


def insert_many(session: Session, statement: Executable, each: Sequence[Values]) -> None:
    """Insert rows, all with the same columns."""
    way = _way(session)
    if way.driver is None:
        way.connection.execute(statement, each)
    else:
        prepared(statement, tuple(each[0]), way.connection.dialect).run_many(way.driver, each)


def change(session: Session, statement: Executable, values: Values = _NONE) -> int:
    """Change or delete by one statement; gives how many rows that concerned."""
    way = _way(session)
    if way.driver is None:
        return way.connection.execute(statement, values).rowcount
    return prepared(statement, (), way.connection.dialect).run(way.driver, values).rowcount


def settle(session: Session) -> None:
    """Write first what waits in the session, as its own queries do; not where it was told to wait (`no_autoflush`)."""
    if session.autoflush:
        session.flush()


def look(engine: Engine, statement: Executable, values: Values) -> Any:
    """The first row or None, in no session; SQLite only."""
    ready, connection = prepared(statement, (), engine.dialect), _lent(engine)
    try:
        found = ready.found(connection.driver_connection, values)
        return ready.row(found[0]) if found else None
    finally:
        connection.close()


def commit(engine: Engine, statement: Executable, each: Sequence[Values]) -> None:
    """Insert rows, all with the same columns, in a transaction of their own; SQLite only."""
    ready, connection = prepared(statement, tuple(each[0]), engine.dialect), _lent(engine)
    try:
        ready.committed(connection.driver_connection, each)
    finally:
        connection.close()  # takes back what was not committed


def _lent(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except sqlite3.Error as error:
        raise _raised(None, error, engine.dialect) from error


class Prepared:
    """A statement in the words of SQLite. Its methods raise what SQLAlchemy would, without the values."""

    def __init__(self, statement: Executable, names: tuple[str, ...], dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=names or None)  # type: ignore[attr-defined]
        if compiled.post_compile_params or compiled.prefetch:
            raise TypeError(f"Lists as parameters and defaults of columns do not go straight to the driver: {compiled}")
        self.sql, self._dialect = str(compiled), dialect
        self._parameters = [_parameter(compiled.binds[name], name, dialect) for name in compiled.positiontup]
        self._needed = {parameter.name for parameter in self._parameters if parameter.needed}
        columns = dict(getattr(statement, "exported_columns", _NONE).items())
        self._named = _named(tuple(columns))
        self._converts = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns.values()]
        self._as_they_are = not any(self._converts)

    def found(self, driver: Any, values: Values) -> list[tuple[Any, ...]]:
        """The rows as the driver gives them."""
        try:
            found: list[tuple[Any, ...]] = driver.execute(self.sql, self._given(values)).fetchall()
            return found
        except sqlite3.Error as error:
            raise self._raised(error) from error

    def row(self, found: tuple[Any, ...]) -> Any:
        """One of them with our types and the columns' names."""
        if not self._as_they_are:
            found = tuple([convert(value) if convert else value for value, convert in zip(found, self._converts, strict=True)])
        return self._named._make(found)

    def run(self, driver: Any, values: Values) -> sqlite3.Cursor:
        """Do it, when it gives no rows."""
        try:
            cursor: sqlite3.Cursor = driver.execute(self.sql, self._given(values))
            return cursor
        except sqlite3.Error as error:
            raise self._raised(error) from error

    def run_many(self, driver: Any, each: Iterable[Values]) -> None:
        """Do it for each row."""
        try:
            driver.executemany(self.sql, [self._given(values) for values in each])
        except sqlite3.Error as error:
            raise self._raised(error) from error

    def committed(self, driver: Any, each: Iterable[Values]) -> None:
        """Do it for each row, and commit."""
        try:
            self._dialect.do_begin(driver)
            driver.executemany(self.sql, [self._given(values) for values in each])
            driver.commit()
        except sqlite3.Error as error:
            raise self._raised(error) from error

    def _given(self, values: Values) -> list[Any]:
        if not self._needed <= values.keys():
            raise KeyError(f"No value for {', '.join(sorted(self._needed - values.keys()))} of {self.sql}")
        try:
            return [
                usual if name not in values else convert(values[name]) if convert else values[name]
                for name, _, usual, convert in self._parameters
            ]
        except Exception as error:  # whatever a type says of a value that it does not take
            raise self._raised(error) from error

    def _raised(self, error: Exception) -> BaseException:
        return _raised(self.sql, error, self._dialect)


def _raised(sql: str | None, error: Exception, dialect: Dialect) -> BaseException:
    return DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect)


class _Parameter(NamedTuple):
    """A place in a statement: the name of its value, whether one must be given, what stands there otherwise, how it becomes the driver's."""

    name: str
    needed: bool
    usual: Any
    convert: _Convert | None


def _parameter(bound: Any, name: str, dialect: Dialect) -> _Parameter:
    convert = bound.type.dialect_impl(dialect).bind_processor(dialect)
    if bound.required:
        return _Parameter(name, True, None, convert)
    usual = bound.effective_value
    return _Parameter(name, False, convert(usual) if convert else usual, convert)


@lru_cache(_PREPARED)
def prepared(statement: Executable, names: tuple[str, ...], dialect: Dialect) -> Prepared:
    """A statement that is kept for good, prepared once; `names` are the columns of what is inserted."""
    return Prepared(statement, names, dialect)


@lru_cache(_PREPARED)
def _named(names: tuple[str, ...]) -> Any:
    return namedtuple("Row", names, rename=True)


class _Way(NamedTuple):
    """How a session reaches its database in a transaction; without a driver, by SQLAlchemy."""

    transaction: SessionTransaction | None
    connection: Connection
    driver: Any


def _way(session: Session) -> _Way:
    """Worked out once a transaction, and again in a savepoint, which begins when the connection is asked for.

    A transaction that a flush has broken off is refused by the session; its driver would commit each statement at once.
    """
    way: _Way | None = session.info.get(_WAY)
    if way is None or way.transaction is None or way.transaction is not innermost(session) or not way.transaction.is_active:
        connection = session.connection()
        driver = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
        way = session.info[_WAY] = _Way(innermost(session), connection, driver)
    return way


def innermost(session: Session) -> SessionTransaction | None:
    """The savepoint or transaction that a session is in."""
    return session.get_nested_transaction() or session.get_transaction()
