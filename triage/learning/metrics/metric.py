"""What a metric is: one population, one condition, and how to sum it up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, or_
from sqlmodel.sql.sqltypes import UTCDateTime

from triage.learning.metrics.grains import Grain
from triage.sla.hours import BusinessHours

Statistic = Literal["count", "share", "median", "p90", "p95", "p99", "mean", "sum", "per_case"]
Unit = Literal["count", "share", "seconds", "usd", "distance", "score"]
Direction = Literal["up", "down", "none"]
Measure = Callable[[Sequence[Any], BusinessHours], float]

ASKED = bindparam("asked", type_=UTCDateTime())
"""When the question is asked."""
ENDED = bindparam("ended", type_=UTCDateTime())
"""The end of the window, or when the question is asked where that is earlier."""


def plain(values: Sequence[Any], _hours: BusinessHours) -> float:
    """The one column as it is."""
    return float(values[0])


def calendar(values: Sequence[Any], _hours: BusinessHours) -> float:
    """Seconds from the first column to the second, on the calendar."""
    return max(0.0, float((values[1] - values[0]).total_seconds()))


def business(values: Sequence[Any], hours: BusinessHours) -> float:
    """Seconds from the first column to the second, in business hours."""
    return hours.seconds_between(values[0], values[1])


def quarter(values: Sequence[Any], hours: BusinessHours) -> float:
    """The quarter of an hour of the week, on the team's wall, in which the one column lies: 0 is Monday at midnight, 671 the last."""
    wall = values[0].astimezone(hours.zone)
    return float(wall.weekday() * 96 + wall.hour * 4 + wall.minute // 15)


@dataclass(frozen=True, eq=False)
class Metric:
    """One number of the desk.

    The denominator is every case of `grain` that meets `where`; the numerator those that also meet `hit`.
    Both the figure and the list of tickets are made from these two and nothing else. For a median, mean, sum or
    percentile the numerator is the cases that have a value, and `measure` makes it of `columns`; a count may have values
    too, for a distribution.

    Neither `where` nor `hit` looks at the clock, so that what is true of a past day changes only when its rows do. What
    time alone decides stands apart: `ripens` is the moment from which on a case counts (null: at once), and a stock
    counts the cases that stand at the end of the window, whenever they started: those whose moment `until` is not
    reached or null.

    `breakdowns` are reasons, which split the numerator alone; `splits` are further dimensions, which split both sides.

    A `collective` metric is of everybody together: of one person it has no cases, and it is not split by person.
    """

    name: str
    title: str
    definition: str
    unit: Unit
    direction: Direction
    grain: Grain
    hit: ColumnElement[bool]
    where: tuple[ColumnElement[bool], ...] = ()
    statistic: Statistic = "share"
    columns: tuple[Any, ...] = ()
    measure: Measure = plain
    ripens: ColumnElement[Any] | None = None
    until: ColumnElement[Any] | None = None
    breakdowns: Mapping[str, Any] = field(default_factory=dict)
    splits: Mapping[str, Any] = field(default_factory=dict)
    label: Callable[[str], str] = str
    collective: bool = False

    @property
    def stock(self) -> bool:
        """Whether it counts what stands at the end of the window instead of what started in it."""
        return self.until is not None

    @property
    def counts(self) -> tuple[ColumnElement[bool], ...]:
        """`where`, with what time decides, for SQL that is asked now."""
        timely = [] if self.ripens is None else [or_(self.ripens.is_(None), self.ripens <= ASKED)]
        standing = [] if self.until is None else [or_(self.until.is_(None), self.until > ENDED)]
        return (*self.where, *timely, *standing)
