"""Rows read and written without the mapper's queries and unit of work, a third of their cost: for what every ticket needs."""

from collections.abc import Callable, Container, Iterable
from functools import cache, lru_cache
from typing import Any, TypeVar

from pydantic_core import PydanticUndefined
from sqlalchemy import Insert, Select, Table, Update, bindparam, inspect
from sqlalchemy.orm import InstanceState, Mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import get_history, set_committed_value
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session, SQLModel

from triage.database import direct

M = TypeVar("M", bound=SQLModel)
_AT = "at_key"  # the parameter that names the row to change
_UPDATES = 512  # what objects are changed in together: any columns of any table


def insert(session: Session, model: type[SQLModel], **values: Any) -> Any:
    """Insert one row; what is left out has the model's default. Returns the primary key (one column).

    What waits in the session is not written first: rows that this one refers to must be there.
    """
    filled = _filled(model, values)
    number = direct.insert(session, _insert(model), filled)
    return filled.get(_key(model), number)


def insert_many(session: Session, model: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows by one statement; each names the same columns."""
    if filled := [_filled(model, row) for row in rows]:
        direct.insert_many(session, _insert(model), filled)


def new(model: type[M], /, **values: Any) -> M:
    """An object for `store`, as its class makes it; but the class asks every default anew which parameters it takes (0.3 ms).

    Raises TypeError for a field that it does not have.
    """
    if unknown := values.keys() - model.model_fields.keys():
        raise TypeError(f"{model.__name__} has no field {', '.join(sorted(unknown))}")
    return _made(model, {_key(model): None} | _filled(model, values))


def store(session: Session, row: SQLModel) -> None:
    """Insert a new object, which the database numbers, at once and by itself; the session holds it from then on.

    What waits in the session is not written first: rows that this one refers to must be there.
    """
    key = _key(type(row))
    values = {name: getattr(row, name) for name in _names(type(row)) if name != key}
    setattr(row, key, direct.insert(session, _insert(type(row)), values))
    make_transient_to_detached(row)
    session.add(row)


def change(session: Session, row: SQLModel, **values: Any) -> None:
    """Change columns of a stored object at once and by themselves; its other changes wait for the session as usual.

    Raises StaleDataError when it is no longer there.
    """
    _write(session, row, values)
    for name, value in values.items():
        set_committed_value(row, name, value)


def load(session: Session, model: type[M], key: Any) -> M | None:
    """The object with this key; None when there is none. As `session.get`, which reads it on PostgreSQL."""
    if _elsewhere(session, model, key):
        return session.get(model, key)
    found = direct.first(session, _select(model), {_AT: key})
    return None if found is None else _object(session, model, found._asdict())


def hold(session: Session, model: type[M], key: Any) -> M | None:
    """The object as it is now, held until the transaction ends; None when there is none. On SQLite who may write holds everything."""
    if _elsewhere(session, model, key):
        return session.get(model, key, with_for_update=True, populate_existing=True)
    return load(session, model, key)


def _elsewhere(session: Session, model: type[SQLModel], key: Any) -> bool:
    """Whether the mapper has to be asked: for an object that the session has already, or that may wait in it, and on PostgreSQL."""
    if session.new or session.get_bind().dialect.name != "sqlite":
        return True
    mapper: Mapper[Any] = inspect(model)
    return mapper.identity_key_from_primary_key((key,)) in session.identity_map


def _object(session: Session, model: type[M], values: dict[str, Any]) -> M:
    """An object as though the mapper had read it."""
    made = _made(model, values)
    make_transient_to_detached(made)
    session.add(made)
    return made


def _made(model: type[M], values: dict[str, Any]) -> M:
    mapper: Mapper[M] = inspect(model)
    made: M = mapper.class_manager.new_instance()
    made.__dict__.update(values)
    return made


def save(session: Session) -> None:
    """Write what was changed in objects of the session, each by one statement.

    The session does it when it has an order to keep: with objects that are new or to be deleted. So it does on PostgreSQL.
    """
    if session.new or session.deleted or session.get_bind().dialect.name != "sqlite":
        return
    changes = [(row, _changed(row)) for row in sorted(session.dirty, key=_place)]
    if not all(_keeps_its_key(type(row), changed) for row, changed in changes):
        return
    for row, changed in changes:
        if changed:
            _write(session, row, changed)
        state: InstanceState[Any] = inspect(row)
        state._commit_all(state.dict, session.identity_map)  # as the session does with all that it has written


def _place(row: SQLModel) -> tuple[str, Any]:
    """Rows of a table by their keys, as the session has it: what must be unique may go from one to the next."""
    state: InstanceState[Any] = inspect(row)
    return type(row).__name__, state.identity


def _write(session: Session, row: SQLModel, values: dict[str, Any]) -> None:
    key = getattr(row, _key(type(row)))
    if direct.change(session, _update(type(row), tuple(values)), {**values, _AT: key}) != 1:
        raise StaleDataError(f"{type(row).__name__} {key} is no longer there; it was deleted meanwhile.")


def _changed(row: SQLModel) -> dict[str, Any]:
    """The columns that have another value than when the object was read."""
    state: InstanceState[Any] = inspect(row)
    unmodified = state.unmodified
    touched = [name for name in _names(type(row)) if name not in unmodified]
    return {name: getattr(row, name) for name in touched if get_history(row, name).has_changes()}


def _keeps_its_key(model: type[SQLModel], changed: Container[str]) -> bool:
    """Whether one column is the key, and not among those that change."""
    keys = _table(model).primary_key.columns.keys()
    return len(keys) == 1 and keys[0] not in changed


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
def _names(model: type[SQLModel]) -> list[str]:
    return [column.name for column in _table(model).columns]


@cache
def _select(model: type[SQLModel]) -> Select[Any]:
    table = _table(model)
    return table.select().where(table.c[_key(model)] == bindparam(_AT))


@cache
def _insert(model: type[SQLModel]) -> Insert:
    return _table(model).insert()


@lru_cache(_UPDATES)
def _update(model: type[SQLModel], names: tuple[str, ...]) -> Update:
    """The statement that changes these columns of one row."""
    table = _table(model)
    return table.update().where(table.c[_key(model)] == bindparam(_AT)).values({name: bindparam(name) for name in names})


@cache
def _key(model: type[SQLModel]) -> str:
    [column] = _table(model).primary_key.columns
    return column.name
