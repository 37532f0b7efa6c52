"""What a query may be: one SELECT over the listed views, their columns and a few functions, with a limit.

The text is parsed (sqlglot), every node of the tree has to be of a kind that is listed here, every column has to belong to a
view, and what runs is written anew from that tree: a comment, an odd quote or a look-alike letter of the text never reaches
the database. Whatever the guard does not know, it refuses.
"""

import logging
import re
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlmodel import SQLModel

import triage.models  # noqa: F401  (registers the tables, whose names nothing may take)
from triage.database.reporting import VIEWS
from triage.errors import InputError

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # what it grumbles about is refused
LONGEST = 4_000  # characters of a query
MOST_ROWS = 1_000
_MOST_SOURCES, _DEEPEST = 6, 4  # views in one query, selects within selects
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_SHAPES = (
    exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset, exp.Distinct,
    exp.Subquery, exp.With, exp.CTE, exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Tuple,
)  # fmt: skip
_VALUES = (exp.Literal, exp.Boolean, exp.Null, exp.Neg, exp.Paren, exp.Case, exp.If, exp.Cast, exp.DataType)
_OPERATORS = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is, exp.Like, exp.Escape,
    exp.Exists, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod,
)  # fmt: skip
_FUNCTIONS = (
    exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Round, exp.Abs, exp.Coalesce, exp.Nullif, exp.Lower, exp.Upper, exp.Length,
    exp.Substring, exp.Trim,
)  # fmt: skip
_WINDOWS = (exp.Filter, exp.Window, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead)
ALLOWED: frozenset[type[exp.Expr]] = frozenset((*_SHAPES, *_VALUES, *_OPERATORS, *_FUNCTIONS, *_WINDOWS))
FUNCTIONS = "count, sum, avg, min, max, round, abs, coalesce, nullif, lower, upper, length, substr, trim, row_number, rank, dense_rank, lag, lead"
_TYPES = frozenset(
    exp.DType[name]
    for name in ("INT", "BIGINT", "SMALLINT", "FLOAT", "DOUBLE", "DECIMAL", "TEXT", "VARCHAR")
)  # fmt: skip
_SCHEMA: dict[str, Any] = {view.name: {column.name: "text" for column in view.columns} for view in VIEWS.values()}


class Refused(InputError):
    """The query is not one that may run; the message says which part and what to do."""


def checked(sql: str, dialect: str) -> str:
    """The query as it may run on `dialect` (sqlite or postgresql), written anew. Raises Refused."""
    tree = _parsed(sql, _named(dialect))
    for node in tree.walk():
        _check(node)
    _check_names(tree)
    _check_size(tree)
    _limit(tree)
    _check_columns(tree, _named(dialect))
    text: str = tree.sql(dialect=_named(dialect), pretty=True, comments=False)
    return text


def executable(sql: str, dialect: str) -> str:
    """A checked query with what only PostgreSQL needs: its round() takes places for numeric alone."""
    if dialect != "postgresql":
        return sql
    tree = _parsed(sql, _named(dialect))
    for node in tree.find_all(exp.Round):
        if node.args.get("decimals") is not None:
            node.this.replace(exp.cast(node.this.copy(), "numeric"))
    text: str = tree.sql(dialect=_named(dialect), comments=False)
    return text


def _named(dialect: str) -> str:
    return "postgres" if dialect == "postgresql" else dialect


def _parsed(sql: str, dialect: str) -> exp.Select:
    if not sql.strip():
        raise Refused("There is no query yet; write one or ask a question.")
    if len(sql) > LONGEST:
        raise Refused(f"The query has {len(sql):,} characters; shorten it to {LONGEST:,}.")
    if "\x00" in sql:
        raise Refused("The query holds a character that no query needs; take it out.")
    try:
        found = [tree for tree in sqlglot.parse(sql, read=dialect) if tree is not None]
    except (SqlglotError, RecursionError) as error:
        raise Refused(f"This is no SQL that can be read: {_first(error)}") from error
    if len(found) != 1:
        raise Refused("Write one query only; several statements cannot run together.")
    if not isinstance(found[0], exp.Select):
        raise Refused(f"Only a single SELECT can run; {found[0].key.upper()} cannot.")
    if not found[0].expressions:
        raise Refused("The query names no column; write what it should show after SELECT.")
    return found[0]


def _first(error: Exception) -> str:
    if isinstance(error, ParseError) and error.errors:
        told = error.errors[0]
        return f"line {told.get('line')}, near “{str(told.get('highlight'))[:40]}”: {str(told.get('description')).rstrip('.')}."
    return "it is nested too deeply." if isinstance(error, RecursionError) else (str(error).splitlines() or ["unknown"])[0][:200]


def _check(node: exp.Expr) -> None:
    kind = type(node)
    if kind not in ALLOWED:
        if isinstance(node, exp.Anonymous):
            raise Refused(f"The function {str(node.this)[:40]}() is not among those that may be used: {FUNCTIONS}.")
        if isinstance(node, exp.Func):
            raise Refused(f"The function {node.sql_name().lower()[:40]}() is not among those that may be used: {FUNCTIONS}.")
        raise Refused(f"{_spoken(node)} cannot be used here; keep to SELECT over the listed views.")
    if isinstance(node, exp.Identifier) and not _NAME.fullmatch(str(node.this).lower()):
        raise Refused(f"“{str(node.this)[:40]}” is no name that can be used; names are letters, digits and _.")
    if isinstance(node, exp.With) and node.args.get("recursive"):
        raise Refused("Recursive queries cannot run; they may never end.")
    if isinstance(node, exp.DataType) and node.this not in _TYPES:
        raise Refused("Casts are possible to integer, real, numeric and text only.")
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        raise Refused("DISTINCT ON cannot be used; group by the columns instead.")
    if isinstance(node, exp.Table) and (
        node.args.get("db") or node.args.get("catalog") or not isinstance(node.this, exp.Identifier)
    ):
        raise Refused(f"“{node.sql()[:60]}” cannot be read; only the listed views can, by their plain names.")


def _spoken(node: exp.Expr) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__)
    return f"“{node.sql()[:40]}” ({words})"


def _check_names(tree: exp.Select) -> None:
    """Every table is a listed view, or a WITH that stands before it: elsewhere the same name would be the database's own."""
    known: set[str] = set(VIEWS)
    outer = tree.args.get("with_")
    if any(found is not outer for found in tree.find_all(exp.With)):
        raise Refused("WITH can stand at the beginning of the query only.")
    for cte in outer.expressions if outer else []:
        name = str(cte.alias).lower()
        if name in known or name in SQLModel.metadata.tables or name.startswith(("pg_", "sqlite_")) or not _NAME.fullmatch(name):
            raise Refused(f"WITH {name[:60]} would hide something of that name; choose another name.")
        _check_tables(cte.this, known)
        known.add(name)
    for part in tree.iter_expressions():
        if part is not outer:
            _check_tables(part, known)


def _check_tables(part: exp.Expr, known: set[str]) -> None:
    for table in part.find_all(exp.Table):
        if table.name.lower() not in known:
            raise Refused(f"There is no view called {table.name[:60]}; the views are {', '.join(VIEWS)}.")


def _check_size(tree: exp.Select) -> None:
    if len(list(tree.find_all(exp.Table))) > _MOST_SOURCES:
        raise Refused(f"The query reads more than {_MOST_SOURCES} views; ask for less at once.")
    for select in tree.find_all(exp.Select):
        depth, parent = 0, select.parent_select
        while parent is not None:
            depth, parent = depth + 1, parent.parent_select
        if depth >= _DEEPEST:
            raise Refused(f"The query is nested deeper than {_DEEPEST} levels; make it flatter.")


def _limit(tree: exp.Select) -> None:
    """A limit of at most `MOST_ROWS` on the whole; anything but a plain number is refused."""
    for name in ("limit", "offset"):
        for select in tree.find_all(exp.Select):
            node = select.args.get(name)
            if node is not None and not (isinstance(node.expression, exp.Literal) and str(node.expression.this).isdecimal()):
                raise Refused(f"{name.upper()} takes a plain number.")
    asked = tree.args.get("limit")
    if asked is None or int(asked.expression.this) > MOST_ROWS:
        tree.limit(MOST_ROWS, copy=False)


def _check_columns(tree: exp.Select, dialect: str) -> None:
    try:
        whole = qualify(tree.copy(), schema=_SCHEMA, dialect=dialect).find(exp.TableColumn)
    except OptimizeError as error:
        raise Refused(f"{_plain(str(error))} The columns of each view are listed under “What can be asked”.") from error
    except RecursionError as error:
        raise Refused("The query is nested too deeply; make it flatter.") from error
    if whole is not None:
        raise Refused(f"There is no column {whole.name[:60]}; name the columns you want.")


def _plain(said: str) -> str:
    found = re.match(r"Column '(.*?)' could not be resolved(?: for table: '(.*?)')?", said)
    if not found:
        return said.splitlines()[0][:200].rstrip(".") + "."
    name = found.group(1).replace('"', "").split(".")[-1]
    return f"There is no column {name}" + (f" in {found.group(2)}." if found.group(2) else ".")
