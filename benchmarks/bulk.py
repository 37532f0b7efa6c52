"""Very many rows written at once, on either database."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, Table, insert, text
from sqlmodel import SQLModel

from triage import jsontext
from triage.database import Database, derived
from triage.database.documents import TICKETS

_BATCH = 20_000


def write(database: Database, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows, many at once; what a row leaves out has the model's default."""
    made: Table = table.__table__  # type: ignore[attr-defined]
    usual = {name: value for name, value in table().model_dump().items() if name in made.columns}
    if usual.get("id", 0) is None:
        del usual["id"]  # which the database numbers, where rows do not
    batch: list[dict[str, Any]] = []
    write = _insert if database.is_sqlite else _copy
    for row in rows:
        batch.append(usual | {name: value for name, value in row.items() if name in made.columns})
        if len(batch) == _BATCH:
            write(database, made, batch)
            batch = []
    if batch:
        write(database, made, batch)
    if not database.is_sqlite and "id" in made.columns and isinstance(made.columns["id"].type, Integer):
        with database.engine.begin() as connection:
            connection.execute(
                text(f"SELECT setval(pg_get_serial_sequence('\"{made.name}\"', 'id'), (SELECT max(id) FROM \"{made.name}\"))")
            )


def _insert(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    with database.engine.begin() as connection:
        connection.execute(insert(table), rows)


def _copy(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    names = list(rows[0])
    json_columns = {column.name for column in table.columns if "JSON" in str(column.type)}
    listed = ", ".join(f'"{name}"' for name in names)
    with database.engine.begin() as connection:
        driver: Any = connection.connection.dbapi_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row([jsontext.dumps(row[name]) if name in json_columns else row[name] for name in names])


def put_aside(database: Database) -> None:
    """Words and indexes are made at once in the end."""
    with database.engine.begin() as connection:
        derived.take_away(connection)
        connection.exec_driver_sql(f"DROP TABLE {TICKETS.words}")
        if not database.is_sqlite:
            for name in (TICKETS.table, TICKETS.part):
                connection.exec_driver_sql(f"ALTER TABLE {name} DISABLE TRIGGER USER")


def put_back(database: Database) -> None:
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL maintenance_work_mem = '512MB'")
        derived.put_back(connection)
        if not database.is_sqlite:
            for name in (TICKETS.table, TICKETS.part):
                connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE TRIGGER USER")
        else:
            connection.exec_driver_sql("ANALYZE")
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
