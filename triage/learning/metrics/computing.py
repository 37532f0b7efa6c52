"""From a metric to its figure, its tickets, its days and its slices, each by one query: one predicate for all of them.

This is what a metric means. Screens and reports ask triage.learning.metrics.counts, which gives the same figures from days
that were counted before.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal

import numpy as np
from sqlalchemy import ColumnElement, Select, case, false, func, null, select
from sqlmodel import Session, col

from triage.learning.metrics import statistics
from triage.learning.metrics.catalogue import named
from triage.learning.metrics.figure import Figure, Slice, figure_of
from triage.learning.metrics.grains import Grain
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import User, now
from triage.sla.hours import BusinessHours
from triage.sla.plan import desk_hours

Side = Literal["numerator", "denominator"]


@dataclass(frozen=True)
class Case:
    """One case behind a number: `key` identifies it within the metric's grain."""

    key: str | int
    ticket_id: int | None


def compute(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> Figure:
    """The metric over the episodes that started in the window."""
    metric = _metric(metric)
    base = _population(metric, window, filters)
    parameters = _parameters(window)
    if not metric.columns:
        hits, cases = session.execute(base.add_columns(_hits(metric), func.count()), parameters).one()
        return figure_of(metric, hits or 0, cases)
    return _summed(metric, session.execute(_with_values(metric, base), parameters).all(), desk_hours(session))


def cases(
    session: Session,
    metric: Metric | str,
    window: Window,
    filters: Filters = EVERYTHING,
    side: Side = "numerator",
    *,
    part: tuple[str, str | int | None] | None = None,
    between: tuple[float, float] | None = None,
) -> list[Case]:
    """The cases behind a number: as many as its numerator (or denominator) says.

    `part` is a dimension and the key of one of its slices: then only the cases of that slice. `between` are two values:
    then only the hits whose value is at least the first and below the second.
    """
    metric, hours = _metric(metric), desk_hours(session)
    columns = [metric.grain.key, metric.grain.ticket, *([dimension(metric, part[0])] if part else [])]
    statement = _population(metric, window, filters).add_columns(*columns, *(metric.columns if between else ()))
    if side == "numerator" or between:
        statement = statement.where(metric.hit)
    statement = statement.order_by(metric.grain.at.desc(), metric.grain.key.desc())
    rows = session.execute(statement, _parameters(window)).all()
    return [
        Case(row[0], row[1])
        for row in rows
        if (part is None or _slice_key(metric, part[0], row[2]) == part[1])
        and (between is None or between[0] <= metric.measure(row[len(columns) :], hours) < between[1])
    ]


def tickets(
    session: Session,
    metric: Metric | str,
    window: Window,
    filters: Filters = EVERYTHING,
    side: Side = "numerator",
    *,
    part: tuple[str, str | int | None] | None = None,
    between: tuple[float, float] | None = None,
) -> list[int]:
    """The ids of the tickets behind a number, newest first, each once; `part` and `between` as for `cases`."""
    found = cases(session, metric, window, filters, side, part=part, between=between)
    return list(dict.fromkeys(case.ticket_id for case in found if case.ticket_id is not None))


def series(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[tuple[date, Figure]]:
    """The metric for each day of the window (days as on the team's wall), future days left out; without intervals."""
    metric, hours = _metric(metric), desk_hours(session)
    days = [day for day in hours.days_between(window.start, window.end) if day <= hours.day_of(now())]
    if metric.stock:
        standing = ((day, compute(session, metric, Window.of_days(day, day, hours), filters)) for day in days)
        return [(day, replace(figure, low=None, high=None)) for day, figure in standing]
    statement = _population(metric, window, filters).add_columns(metric.grain.at)
    groups: dict[date, list[Any]] = defaultdict(list)
    for row in session.execute(_with_values(metric, statement), _parameters(window)):
        groups[hours.day_of(row[0])].append(row[1:])
    return [(day, _summed(metric, groups[day], hours, bounds=False)) for day in days]


def values(
    session: Session,
    metric: Metric | str,
    window: Window,
    filters: Filters = EVERYTHING,
    *,
    part: tuple[str, str | int | None] | None = None,
) -> list[float]:
    """The single values that a median, percentile or mean is made of, for a distribution; `part` as for `cases`."""
    metric, hours = _metric(metric), desk_hours(session)
    columns = [dimension(metric, part[0]) if part else null(), *metric.columns]
    statement = _population(metric, window, filters).add_columns(*columns).where(metric.hit)
    rows = session.execute(statement, _parameters(window))
    return [metric.measure(row[1:], hours) for row in rows if part is None or _slice_key(metric, part[0], row[0]) == part[1]]


def slices(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING, *, by: str) -> list[Slice]:
    """The metric by category, language, channel, person, or one of its own breakdowns or splits; the largest first.

    A breakdown of the metric's own (a reason) splits the numerator; every slice keeps the whole denominator.
    """
    metric, hours = _metric(metric), desk_hours(session)
    if metric.collective and by == "person":
        return []
    own = by in metric.breakdowns
    statement = _population(metric, window, filters).add_columns(dimension(metric, by))
    groups: dict[Any, list[Any]] = defaultdict(list)
    total = 0
    for row in session.execute(_with_values(metric, statement), _parameters(window)):
        total += 1
        if row[1] or not own:
            groups[_slice_key(metric, by, row[0])].append(row[1:])
    names = names_of(session, by, groups)
    found = [
        Slice(key, names.get(key, str(key)), _summed(metric, rows, hours, total if own else None)) for key, rows in groups.items()
    ]
    return sorted(found, key=lambda s: (-(s.figure.numerator if own else s.figure.denominator), s.label))


def dimension(metric: Metric, by: str) -> ColumnElement[Any]:
    """The expression that a slice of this metric groups by."""
    own = {**metric.breakdowns, **metric.splits}
    expression: ColumnElement[Any] = own[by] if by in own else metric.grain.dimension(by)
    return expression


def narrowed(grain: Grain, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions on a grain."""
    return [grain.dimension(by) == value for by, value in asdict(filters).items() if value is not None]


def _metric(metric: Metric | str) -> Metric:
    return named(metric) if isinstance(metric, str) else metric


def _population(metric: Metric, window: Window, filters: Filters) -> Select[Any]:
    """Every case of the denominator; columns are added by the caller."""
    at = metric.grain.at
    within = [at < window.end] if metric.stock else [at >= window.start, at < window.end]
    if metric.collective and filters.person is not None:
        within.append(false())
    return metric.grain.joined(select()).where(*within, *metric.counts, *narrowed(metric.grain, filters))


def _with_values(metric: Metric, statement: Select[Any]) -> Select[Any]:
    """Adds whether each case hits, and the columns its value is made of."""
    return statement.add_columns(case((metric.hit, 1), else_=0), *metric.columns)


def _hits(metric: Metric) -> ColumnElement[Any]:
    return func.sum(case((metric.hit, 1), else_=0))


def _parameters(window: Window) -> dict[str, Any]:
    moment = now()
    return {"asked": moment, "ended": min(moment, window.end)}


def _slice_key(metric: Metric, by: str, value: Any) -> Any:
    """What a slice is known by; reasons are in the metric's own words, nothing is None."""
    return (metric.label(str(value)) if value and by in metric.breakdowns else value) or None


def _summed(
    metric: Metric, rows: Sequence[Any], hours: BusinessHours, total: int | None = None, *, bounds: bool = True
) -> Figure:  # fmt: skip
    """Rows of (hit, *columns) as one figure; `total` is the denominator when the rows are only part of it."""
    cases, hits = len(rows) if total is None else total, sum(row[0] for row in rows)
    if not metric.columns:
        return figure_of(metric, hits, cases, bounds=bounds)
    if metric.statistic == "per_case":
        values = np.array([metric.measure(row[1:], hours) for row in rows], dtype=float)
        return figure_of(metric, hits, cases, values, np.array([row[0] for row in rows], dtype=float), bounds=bounds)
    measured = statistics.in_order([metric.measure(row[1:], hours) for row in rows if row[0]])
    return figure_of(metric, hits, cases, measured, bounds=bounds)


def names_of(session: Session, by: str, keys: Any) -> dict[Any, str]:
    """What to call the keys of slices, where they are not words themselves."""
    unknown = {None: "nobody" if by == "person" else "not known"}
    if by != "person":
        return unknown
    people = select(col(User.id), col(User.name)).where(col(User.id).in_([key for key in keys if key is not None]))
    return unknown | {row[0]: row[1] for row in session.execute(people)}
