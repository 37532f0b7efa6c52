"""Rows written without the mapper's unit of work, a third of its cost: for what every ticket writes."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from pydantic_core import PydanticUndefined
from sqlalchemy import Table, Update, bindparam
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel

_AT = "at_key"  # the parameter that names the row to change


def insert(session: Session, model: type[SQLModel], **values: Any) -> Any:
    """Insert one row; what is left out has the model's default. Returns the primary key (one column).

    What waits in the session is not written first: rows that this one refers to must be there.
    """
    result = session.connection().execute(_table(model).insert(), _filled(model, values))
    return result.inserted_primary_key[0] if result.inserted_primary_key else None


def insert_many(session: Session, model: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows by one statement; each names the same columns."""
    if filled := [_filled(model, row) for row in rows]:
        session.connection().execute(_table(model).insert(), filled)


def store(session: Session, row: SQLModel) -> None:
    """Insert a new object, which the database numbers, at once and by itself; the session holds it from then on.

    What waits in the session is not written first: rows that this one refers to must be there.
    """
    table, key = _table(type(row)), _key(type(row))
    values = {column.name: getattr(row, column.name) for column in table.columns if column.name != key}
    result = session.connection().execute(table.insert(), values)
    [number] = result.inserted_primary_key or [None]
    setattr(row, key, number)
    make_transient_to_detached(row)
    session.add(row)


def change(session: Session, row: SQLModel, **values: Any) -> None:
    """Change columns of a stored object at once and by themselves; its other changes wait for the session as usual."""
    key = getattr(row, _key(type(row)))
    session.connection().execute(_update(type(row), tuple(values)), {**values, _AT: key})
    for name, value in values.items():
        set_committed_value(row, name, value)


def _filled(model: type[SQLModel], values: dict[str, Any]) -> dict[str, Any]:
    fixed, made = _defaults(model)
    return {**fixed, **{name: make() for name, make in made.items() if name not in values}, **values}


@cache
def _defaults(model: type[SQLModel]) -> tuple[dict[str, Any], dict[str, Callable[[], Any]]]:
    """The defaults of a model's fields: values, and factories. A key that the database numbers has none."""
    fields = {name: field for name, field in model.model_fields.items() if not _numbered(model, name)}
    fixed = {name: field.default for name, field in fields.items() if field.default is not PydanticUndefined}
    made: dict[str, Any] = {name: field.default_factory for name, field in fields.items() if field.default_factory}
    return fixed, made


def _numbered(model: type[SQLModel], name: str) -> bool:
    return _table(model).c[name].primary_key and model.model_fields[name].default is None


@cache
def _table(model: type[SQLModel]) -> Table:
    table: Table = model.__table__  # type: ignore[attr-defined]
    return table


@cache
def _update(model: type[SQLModel], names: tuple[str, ...]) -> Update:
    """The statement that changes these columns of one row."""
    table = _table(model)
    return table.update().where(table.c[_key(model)] == bindparam(_AT)).values({name: bindparam(name) for name in names})


@cache
def _key(model: type[SQLModel]) -> str:
    [column] = _table(model).primary_key.columns
    return column.name
