"""From a metric to its figure, its tickets, its days and its slices: one predicate for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlmodel import Session, col

from triage.learning.metrics import statistics
from triage.learning.metrics.catalogue import named
from triage.learning.metrics.grains import CATEGORY, CHANNEL, LANGUAGE, Grain
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import Episode, Ticket, User, now
from triage.sla.hours import BusinessHours
from triage.sla.plan import desk_hours

Side = Literal["numerator", "denominator"]
_QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Figure:
    """A number with what it stands on.

    `value` is None when there is nothing to count. `low` and `high` bound the 95% interval (None for counts).
    Without `enough` the number should not be shown as a finding.
    """

    value: float | None
    numerator: int
    denominator: int
    low: float | None
    high: float | None
    enough: bool


@dataclass(frozen=True)
class Slice:
    """A metric for one value of a dimension; `key` is None where the value is not known."""

    key: str | int | None
    label: str
    figure: Figure


@dataclass(frozen=True)
class Case:
    """One case behind a number: `key` identifies it within the metric's grain."""

    key: str | int
    ticket_id: int


def compute(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> Figure:
    """The metric over the episodes that started in the window."""
    metric = _metric(metric)
    base = _population(metric, window, filters)
    parameters = _parameters(window)
    if not metric.columns:
        hits, cases = session.execute(base.add_columns(_hits(metric), func.count()), parameters).one()
        return _counted(metric, hits or 0, cases)
    return _summed(metric, session.execute(_with_values(metric, base), parameters).all(), desk_hours(session))


def cases(
    session: Session,
    metric: Metric | str,
    window: Window,
    filters: Filters = EVERYTHING,
    side: Side = "numerator",
    *,
    part: tuple[str, str | int | None] | None = None,
) -> list[Case]:
    """The cases behind a number: as many as its numerator (or denominator) says.

    `part` is a dimension and the key of one of its slices: then only the cases of that slice.
    """
    metric = _metric(metric)
    columns = [metric.grain.key, col(Ticket.id), *([dimension(metric, part[0])] if part else [])]
    statement = _population(metric, window, filters).add_columns(*columns)
    if side == "numerator":
        statement = statement.where(metric.hit)
    statement = statement.order_by(col(Episode.started_at).desc(), col(Ticket.id).desc())
    rows = session.execute(statement, _parameters(window)).all()
    return [Case(row[0], row[1]) for row in rows if part is None or _slice_key(metric, part[0], row[2]) == part[1]]


def tickets(
    session: Session,
    metric: Metric | str,
    window: Window,
    filters: Filters = EVERYTHING,
    side: Side = "numerator",
    *,
    part: tuple[str, str | int | None] | None = None,
) -> list[int]:
    """The ids of the tickets behind a number, newest first, each once."""
    return list(dict.fromkeys(case.ticket_id for case in cases(session, metric, window, filters, side, part=part)))


def series(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[tuple[date, Figure]]:
    """The metric for each day of the window (days as on the team's wall), future days left out."""
    metric, hours = _metric(metric), desk_hours(session)
    days = [day for day in hours.days_between(window.start, window.end) if day <= hours.day_of(now())]
    if metric.stock:
        return [(day, compute(session, metric, Window.of_days(day, day, hours), filters)) for day in days]
    statement = _population(metric, window, filters).add_columns(col(Episode.started_at))
    groups: dict[date, list[Any]] = defaultdict(list)
    for row in session.execute(_with_values(metric, statement), _parameters(window)):
        groups[hours.day_of(row[0])].append(row[1:])
    return [(day, _summed(metric, groups[day], hours)) for day in days]


def values(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[float]:
    """The single values that a median, percentile or mean is made of, for a distribution."""
    metric, hours = _metric(metric), desk_hours(session)
    statement = _population(metric, window, filters).add_columns(*metric.columns).where(metric.hit)
    return [metric.measure(row, hours) for row in session.execute(statement, _parameters(window))]


def slices(session: Session, metric: Metric | str, window: Window, filters: Filters = EVERYTHING, *, by: str) -> list[Slice]:
    """The metric by category, language, channel, person, or one of its own breakdowns; the largest first.

    A breakdown of the metric's own (a reason) splits the numerator; every slice keeps the whole denominator.
    """
    metric, hours = _metric(metric), desk_hours(session)
    own = by in metric.breakdowns
    statement = _population(metric, window, filters).add_columns(dimension(metric, by))
    groups: dict[Any, list[Any]] = defaultdict(list)
    total = 0
    for row in session.execute(_with_values(metric, statement), _parameters(window)):
        total += 1
        if row[1] or not own:
            groups[_slice_key(metric, by, row[0])].append(row[1:])
    names = _names(session, by, groups)
    found = [
        Slice(key, names.get(key, str(key)), _summed(metric, rows, hours, total if own else None)) for key, rows in groups.items()
    ]
    return sorted(found, key=lambda s: (-(s.figure.numerator if own else s.figure.denominator), s.label))


def dimension(metric: Metric, by: str) -> ColumnElement[Any]:
    """The expression that a slice of this metric groups by."""
    shared = {"category": CATEGORY, "language": LANGUAGE, "channel": CHANNEL, "person": metric.grain.person}
    expression: ColumnElement[Any] = {**shared, **metric.breakdowns}[by]
    return expression


def narrowed(grain: Grain, filters: Filters) -> list[ColumnElement[bool]]:
    """The filters as conditions on a grain."""
    pairs = (
        (CATEGORY, filters.category),
        (LANGUAGE, filters.language),
        (CHANNEL, filters.channel),
        (grain.person, filters.person),
    )
    return [expression == value for expression, value in pairs if value is not None]


def _metric(metric: Metric | str) -> Metric:
    return named(metric) if isinstance(metric, str) else metric


def _population(metric: Metric, window: Window, filters: Filters) -> Select[Any]:
    """Every case of the denominator; columns are added by the caller."""
    started = col(Episode.started_at)
    within = [started < window.end] if metric.stock else [started >= window.start, started < window.end]
    return metric.grain.joined(select()).where(*within, *metric.where, *narrowed(metric.grain, filters))


def _with_values(metric: Metric, statement: Select[Any]) -> Select[Any]:
    """Adds whether each case hits, and the columns its value is made of."""
    return statement.add_columns(case((metric.hit, 1), else_=0), *metric.columns)


def _hits(metric: Metric) -> ColumnElement[Any]:
    return func.sum(case((metric.hit, 1), else_=0))


def _parameters(window: Window) -> dict[str, Any]:
    moment = now()
    return {"week_ago": moment - timedelta(days=7), "moment": min(moment, window.end)}


def _slice_key(metric: Metric, by: str, value: Any) -> Any:
    """What a slice is known by; reasons are in the metric's own words, nothing is None."""
    return (metric.label(str(value)) if value and by in metric.breakdowns else value) or None


def _counted(metric: Metric, hits: int, cases: int) -> Figure:
    if metric.statistic == "count":
        return Figure(float(hits), hits, cases, None, None, True)
    low, high = statistics.wilson(hits, cases)
    return Figure(hits / cases if cases else None, hits, cases, low, high, cases >= statistics.ENOUGH)


def _summed(metric: Metric, rows: Sequence[Any], hours: BusinessHours, total: int | None = None) -> Figure:
    """Rows of (hit, *columns) as one figure; `total` is the denominator when the rows are only part of it."""
    cases = len(rows) if total is None else total
    hits = sum(row[0] for row in rows)
    if not metric.columns:
        return _counted(metric, hits, cases)
    enough = hits >= statistics.ENOUGH
    if hits == 0:
        return Figure(None, 0, cases, None, None, False)
    if metric.statistic == "per_case":
        value, low, high = statistics.ratio([metric.measure(row[1:], hours) for row in rows], [row[0] for row in rows])
    else:
        values = [metric.measure(row[1:], hours) for row in rows if row[0]]
        at = _QUANTILES.get(metric.statistic)
        value, low, high = statistics.mean(values) if at is None else statistics.quantile(values, at)
    return Figure(value, hits, cases, low, high, enough)


def _names(session: Session, by: str, keys: Any) -> dict[Any, str]:
    unknown = {None: "nobody" if by == "person" else "not known"}
    if by != "person":
        return unknown
    people = select(col(User.id), col(User.name)).where(col(User.id).in_([key for key in keys if key is not None]))
    return unknown | {row[0]: row[1] for row in session.execute(people)}
