"""What is kept of a case so that every metric can be answered from it: one small record of a fixed shape for each grain.

A record holds by whom and what kind the case is, whether it meets each of the conditions that metrics are made of, the
values that are summed up, and the moments at which time changes what it counts as. Equal records are counted together.
Words (categories, reasons) are numbers in a record; triage.learning.metrics.words has them.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from sqlalchemy import ClauseElement, ColumnElement, Select, bindparam, case, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BooleanClauseList, Grouping
from sqlmodel.sql.sqltypes import UTCDateTime

from triage.learning.metrics.catalogue import METRICS
from triage.learning.metrics.grains import GRAINS, Grain
from triage.learning.metrics.metric import Measure, Metric

DIMENSIONS = ("category", "language", "channel", "person")
_LAYOUT = 2  # of records; another number makes all of them anew


@dataclass(frozen=True)
class Recipe:
    """Where a metric finds its parts in a record: names of fields, "" for what it does not have."""

    where: tuple[str, ...]
    hit: tuple[str, ...]
    value: str
    ripens: str
    until: str
    breakdowns: dict[str, str]


@dataclass(frozen=True, eq=False)
class Shape:
    """The record of one grain; `stock` records stand until a moment and are kept only where that is another day.

    `flags`, `labels`, `values` and `moments` are what its fields are read from, in the order of `dtype` after the
    dimensions: conditions, words with the function that shortens them, columns with their measure, and moments.
    """

    name: str
    grain: Grain
    stock: bool
    metrics: tuple[Metric, ...]
    flags: tuple[ColumnElement[bool], ...]
    labels: tuple[tuple[Any, Callable[[str], str]], ...]
    values: tuple[tuple[tuple[Any, ...], Measure], ...]
    moments: tuple[ColumnElement[Any], ...]
    recipes: dict[str, Recipe]

    @cached_property
    def dtype(self) -> "np.dtype[np.void]":
        fields: list[tuple[str, str]] = [("times", "u4"), *((name, "i4") for name in DIMENSIONS)]
        fields += [(f"label{n}", "i4") for n in range(len(self.labels))] + [(f"value{n}", "f8") for n in range(len(self.values))]
        fields += [(f"moment{n}", "i8") for n in range(len(self.moments))] + [(f"flag{n}", "u1") for n in range(len(self.flags))]
        return np.dtype(fields)

    @cached_property
    def statement(self) -> Select[Any]:
        """The cases from `start` up to `end`: moment of the cohort, dimensions, labels, columns of values, moments, flags."""
        columns: list[Any] = [
            self.grain.at,
            *(self.grain.dimension(name) for name in DIMENSIONS),
            *(label for label, _ in self.labels),
            *(column for inputs, _ in self.values for column in inputs),
            *self.moments,
            *(case((flag, 1), else_=0) for flag in self.flags),
        ]
        start, end = (bindparam(name, type_=UTCDateTime()) for name in ("start", "end"))
        chosen = select(*(column.label(f"c{n}") for n, column in enumerate(columns)))
        return self.grain.joined(chosen).where(self.grain.at >= start, self.grain.at < end)

    @cached_property
    def basis(self) -> str:
        """Changes with what is counted: with any predicate of the metrics, or the layout."""
        sql = self.statement.compile(dialect=sqlite.dialect())
        named = [(metric.name, sorted(self.recipes[metric.name].breakdowns)) for metric in self.metrics]
        return sha256(
            f"{_LAYOUT}{sql}{sorted(sql.params.items())}{named}{[m.__name__ for _, m in self.values]}".encode()
        ).hexdigest()[:16]


@cache
def shapes() -> dict[str, Shape]:
    """The shapes of all grains, and one more for what stands (stocks), by name."""
    found = {}
    for grain in GRAINS:
        for stock in (False, True):
            metrics = tuple(m for m in METRICS.values() if m.grain is grain and m.stock == stock)
            if metrics:
                shape = _shape(grain, stock, metrics)
                found[shape.name] = shape
    return found


def shape_of(metric: Metric) -> Shape:
    return shapes()[_name(metric.grain, metric.stock)]


def _name(grain: Grain, stock: bool) -> str:
    return f"standing_{grain.name}" if stock else grain.name


def _shape(grain: Grain, stock: bool, metrics: tuple[Metric, ...]) -> Shape:
    flags, labels, values, moments = _Once(), _Once(), _Once(), _Once()
    recipes = {}
    for metric in metrics:
        recipes[metric.name] = Recipe(
            where=tuple(f"flag{flags.place(part)}" for whole in metric.where for part in _conjuncts(whole)),
            hit=tuple(f"flag{flags.place(part)}" for part in _conjuncts(metric.hit)),
            value=f"value{values.place(*metric.columns, metric.measure)}" if metric.columns else "",
            ripens="" if metric.ripens is None else f"moment{moments.place(metric.ripens)}",
            until="" if metric.until is None else f"moment{moments.place(metric.until)}",
            breakdowns={
                **{by: f"label{labels.place(column, metric.label)}" for by, column in metric.breakdowns.items()},
                **{by: f"label{labels.place(column, str)}" for by, column in metric.splits.items()},
            },
        )
    return Shape(
        _name(grain, stock),
        grain,
        stock,
        metrics,
        flags=tuple(flag for (flag,) in flags.things),
        labels=tuple((label, words) for label, words in labels.things),
        values=tuple((tuple(parts[:-1]), parts[-1]) for parts in values.things),
        moments=tuple(moment for (moment,) in moments.things),
        recipes=recipes,
    )


class _Once:
    """Things in the order in which they first came; the same SQL and the same objects have the same place."""

    def __init__(self) -> None:
        self.things: list[Sequence[Any]] = []
        self._places: dict[tuple[Hashable, ...], int] = {}

    def place(self, *thing: Any) -> int:
        key = tuple(map(_identity, thing))
        if key not in self._places:
            self._places[key] = len(self.things)
            self.things.append(thing)
        return self._places[key]


def _identity(thing: Any) -> Hashable:
    """Conditions are made anew for each metric: the p50, p95 and p99 of one time share theirs by what they say."""
    element = thing.__clause_element__() if hasattr(thing, "__clause_element__") else thing
    if not isinstance(element, ClauseElement):
        return id(thing)
    sql = element.compile(dialect=sqlite.dialect())
    return f"{sql} {sorted(sql.params.items())}"


def _conjuncts(condition: Any) -> Iterator[ColumnElement[bool]]:
    """The conditions that have to hold together, so that those which metrics share are looked at once."""
    while isinstance(condition, Grouping):
        condition = condition.element
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _conjuncts(part)
    else:
        yield condition
