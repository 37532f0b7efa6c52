"""The few expressions that SQLite and PostgreSQL spell differently."""

from typing import Any

from sqlalchemy import JSON, Boolean, Integer, column
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import GenericFunction
from sqlmodel.sql.sqltypes import UTCDateTime

PORTABLE_JSON = JSON().with_variant(JSONB(), "postgresql")


class json_items(GenericFunction[Any]):  # noqa: N801  (named as it stands in SQL)
    """The elements of a JSON list, one row each, in a column called value."""

    inherit_cache = True
    name = "json_items"


class json_length(GenericFunction[int]):  # noqa: N801
    """How many elements a JSON list has."""

    type = Integer()
    inherit_cache = True
    name = "json_length"


class week_after(GenericFunction[Any]):  # noqa: N801
    """The moment seven days later."""

    type = UTCDateTime()
    inherit_cache = True
    name = "week_after"


class contains_text(GenericFunction[bool]):  # noqa: N801
    """Whether the first text contains the second, letter for letter."""

    type = Boolean()
    inherit_cache = True
    name = "contains_text"


_SPELLING: dict[type[GenericFunction[Any]], dict[str, str]] = {
    json_items: {"sqlite": "json_each({0})", "postgresql": "jsonb_array_elements({0})"},
    json_length: {"sqlite": "json_array_length({0})", "postgresql": "jsonb_array_length({0})"},
    week_after: {
        "sqlite": "strftime('%Y-%m-%d %H:%M:%f', {0}, '+7 days')",
        "postgresql": "({0} + interval '7 days')",
    },
    contains_text: {"sqlite": "(instr({0}, {1}) > 0)", "postgresql": "(strpos({0}, {1}) > 0)"},
}


def _compile(element: GenericFunction[Any], compiler: Any, **options: Any) -> str:
    arguments = [compiler.process(clause, **options) for clause in element.clauses]
    return _SPELLING[type(element)][compiler.dialect.name].format(*arguments)


for _function in _SPELLING:
    compiles(_function)(_compile)


def items_of(json_list: Any) -> Any:
    """A JSON list column as a table with one column, `value`."""
    return json_items(json_list).table_valued(column("value", PORTABLE_JSON), joins_implicitly=True)


def text_in(value: Any, key: str) -> ColumnElement[str]:
    """The text under a key of a JSON object."""
    found: ColumnElement[str] = value[key].as_string()
    return found
