"""Every metric at once, for the command line and for files; and the tables that are not single numbers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from triage.errors import InputError
from triage.learning.metrics.catalogue import METRICS
from triage.learning.metrics.counts import Source, counts_of
from triage.learning.metrics.figure import Figure, Slice
from triage.learning.metrics.newest import newest
from triage.learning.metrics.rollups import began, pulse
from triage.learning.metrics.shape import DIMENSIONS
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import BreakerState
from triage.sla.hours import BusinessHours

OUTCOMES = {
    "resolved": "resolved with a draft",
    "people": "resolved by people",
    "escalated": "escalated",
    "open": "still open",
}
_COSTS = {"agent": ("cost_of_agents",), "tool": ("cost_of_tools", "cost_of_calls")}
_FAILURES = (
    ("draft rejected", "rejection_rate", "reason"),
    ("escalated", "escalation_rate", "reason"),
    ("model or tool error", "step_errors", "reason"),
    ("breaker open", "breaker_refusals", "model"),
    ("breaker opened", "breaker_openings", "model"),
)


@dataclass(frozen=True)
class Failure:
    """One reason for something to have gone wrong, how often, and which metric's breakdown counts it."""

    what: str
    reason: str
    count: int
    metric: str


@dataclass(frozen=True)
class Speed:
    """How long the calls of one agent or tool take, in seconds, and what they cost in all.

    A tool's cost includes the approved calls, whose time is not the agents'.
    """

    kind: str
    name: str
    calls: int
    p50: float
    p95: float
    p99: float
    cost_usd: float
    enough: bool


def report(source: Source, window: Window, filters: Filters = EVERYTHING, *, by: str | None = None) -> list[dict[str, Any]]:
    """Every metric as rows of JSON values; with `by` (category, language, channel or person) also its slices."""
    if by is not None and by not in DIMENSIONS:
        raise InputError(f"Metrics can be split by {', '.join(DIMENSIONS)}, not by {by}.")
    counts = counts_of(source)
    rows = []
    for metric in METRICS.values():
        row = {
            "metric": metric.name,
            "title": metric.title,
            "definition": metric.definition,
            "unit": metric.unit,
            "statistic": metric.statistic,
            "cases": metric.grain.plural,
            **asdict(counts.compute(metric, window, filters)),
        }
        if by is not None:
            found = counts.slices(metric, window, filters, by=by)
            row["by"] = [{by: s.key, "label": s.label, **asdict(s.figure)} for s in found]
        rows.append(row)
    return rows


def outcomes(source: Source, window: Window, filters: Filters = EVERYTHING) -> list[dict[str, Any]]:
    """Eligible episodes by day and outcome: rows of day, outcome, tickets. The outcomes of a day add up to its volume."""
    counts = counts_of(source)
    found = [
        {"day": day, "outcome": outcome, "tickets": figure.numerator}
        for outcome in OUTCOMES
        for day, figure in counts.series(f"ended_{outcome}", window, filters)
        if figure.numerator
    ]
    return sorted(found, key=lambda row: (row["day"], row["outcome"]))


def tickets_of_outcome(
    session: Session, window: Window, outcome: str, filters: Filters = EVERYTHING, *, limit: int
) -> tuple[list[int], bool]:
    """The newest tickets behind one outcome, and whether there may be more."""
    return newest(session, f"ended_{outcome}", window, filters, limit=limit)


def failures(source: Source, window: Window, filters: Filters = EVERYTHING, *, limit: int = 12) -> list[Failure]:
    """The most common reasons over rejections, escalations, errors and open breakers."""
    counts = counts_of(source)
    found = [
        Failure(what, s.label, s.figure.numerator, metric)
        for what, metric, by in _FAILURES
        for s in counts.slices(metric, window, filters, by=by)
        if s.figure.numerator
    ]
    return sorted(found, key=lambda failure: (-failure.count, failure.what, failure.reason))[:limit]


def speeds(source: Source, window: Window, filters: Filters = EVERYTHING) -> list[Speed]:
    """Latency and cost of each agent, each tool and each model; what models cost is what their agents do.

    So agents and tools together are what was spent.
    """
    counts, found = counts_of(source), []
    for kind, whose in (("agent", "agent"), ("tool", "tool"), ("model", "agent")):
        columns = [
            {s.label: s.figure for s in counts.slices(f"{whose}_latency_{p}", window, filters, by=kind)}
            for p in ("p50", "p95", "p99")
        ]
        costs: dict[str, float] = defaultdict(float)
        for part in (part for metric in _COSTS[whose] for part in counts.slices(metric, window, filters, by=kind)):
            costs[part.label] += part.figure.value or 0.0
        for name, figure in columns[0].items():
            p50, p95, p99 = (float(column[name].value or 0.0) for column in columns)
            found.append(Speed(kind, name, figure.numerator, p50, p95, p99, costs[name], figure.enough))
    return found


@dataclass(frozen=True)
class ModelUse:
    """How often a model's service had part of the prompt in its cache, and how often a run that ended with it had to do with less."""

    name: str
    cache: Figure | None
    fallback: Figure | None


def models(source: Source, window: Window, filters: Filters = EVERYTHING) -> list[ModelUse]:
    """Cache hits and fallbacks of each model, the most used first."""
    counts = counts_of(source)
    cache, fallback = (
        {s.label: s.figure for s in counts.slices(name, window, filters, by="model") if s.key}
        for name in ("prompt_cache", "fallback_rate")
    )
    return [ModelUse(name, cache.get(name), fallback.get(name)) for name in dict.fromkeys((*cache, *fallback))]


def weekly(source: Source, metric: str, window: Window, filters: Filters = EVERYTHING, *, by: str) -> list[tuple[date, Slice]]:
    """The parts of a metric in each week that the window touches: (Monday, slice), the largest of a week first."""
    counts, found = counts_of(source), []
    for monday, own in weeks(window, counts.hours):
        found += [(monday, part) for part in counts.slices(metric, own, filters, by=by) if part.figure.numerator]
    return found


def weeks(window: Window, hours: BusinessHours) -> list[tuple[date, Window]]:
    """The weeks that a window of whole days touches, each by its Monday, cut to the window."""
    days: dict[date, list[date]] = {}
    for day in hours.days_between(window.start, window.end):
        days.setdefault(day - timedelta(days=day.weekday()), []).append(day)
    return [(monday, Window.of_days(own[0], own[-1], hours)) for monday, own in days.items()]


def breakers(session: Session) -> Sequence[BreakerState]:
    """Every breaker with its state and how often it opened since the desk exists."""
    return session.execute(select(BreakerState).order_by(col(BreakerState.name))).scalars().all()


def choices(source: Source, window: Window) -> dict[str, list[tuple[Any, str]]]:
    """What the filters can be set to, from the tickets of the window: (value, label) by dimension."""
    counts = counts_of(source)
    return {by: [(s.key, s.label) for s in counts.slices("volume", window, by=by) if s.key is not None] for by in DIMENSIONS}


__all__ = [
    "DIMENSIONS",
    "OUTCOMES",
    "Failure",
    "ModelUse",
    "Speed",
    "began",
    "breakers",
    "choices",
    "failures",
    "models",
    "outcomes",
    "pulse",
    "report",
    "speeds",
    "tickets_of_outcome",
    "weekly",
    "weeks",
]
