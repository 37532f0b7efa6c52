"""Every metric at once, for the command line and for files; and the tables that are not single numbers."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from triage.errors import InputError
from triage.learning.metrics.catalogue import METRICS, named
from triage.learning.metrics.catalogue.machine import LIVE
from triage.learning.metrics.catalogue.outcomes import ASSISTED, ELIGIBLE, ESCALATED, RESOLVED
from triage.learning.metrics.computing import compute, narrowed, slices
from triage.learning.metrics.grains import EPISODES, STEPS
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import BreakerState, Decision, Episode, Message, RunStep, Ticket, now
from triage.sla.plan import desk_hours

DIMENSIONS = ("category", "language", "channel", "person")
OUTCOMES = {
    "resolved": "resolved with a draft",
    "people": "resolved by people",
    "escalated": "escalated",
    "open": "still open",
}
_OUTCOME = case(
    (ASSISTED, "resolved"),
    (ESCALATED, "escalated"),
    (RESOLVED, "people"),
    else_="open",
)
_FAILURES = (
    ("draft rejected", "rejection_rate", "reason"),
    ("escalated", "escalation_rate", "reason"),
    ("model or tool error", "step_errors", "reason"),
    ("breaker open", "breaker_refusals", "model"),
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
    """How long the calls of one agent or tool take, in seconds, and what they cost in all."""

    kind: str
    name: str
    calls: int
    p50: float
    p95: float
    p99: float
    cost_usd: float
    enough: bool


def report(session: Session, window: Window, filters: Filters = EVERYTHING, *, by: str | None = None) -> list[dict[str, Any]]:
    """Every metric as rows of JSON values; with `by` (category, language, channel or person) also its slices."""
    if by is not None and by not in DIMENSIONS:
        raise InputError(f"Metrics can be split by {', '.join(DIMENSIONS)}, not by {by}.")
    rows = []
    for metric in METRICS.values():
        row = {
            "metric": metric.name,
            "title": metric.title,
            "definition": metric.definition,
            "unit": metric.unit,
            "statistic": metric.statistic,
            "cases": metric.grain.plural,
            **asdict(compute(session, metric, window, filters)),
        }
        if by is not None:
            found = slices(session, metric, window, filters, by=by)
            row["by"] = [{by: s.key, "label": s.label, **asdict(s.figure)} for s in found]
        rows.append(row)
    return rows


def outcomes(session: Session, window: Window, filters: Filters = EVERYTHING) -> list[dict[str, Any]]:
    """Eligible episodes by day and outcome: rows of day, outcome, tickets. The outcomes of a day add up to its volume."""
    hours = desk_hours(session)
    counts: dict[tuple[Any, str], int] = defaultdict(int)
    statement = (
        EPISODES.joined(select(col(Episode.started_at), _OUTCOME))
        .where(col(Episode.started_at) >= window.start, col(Episode.started_at) < window.end, ELIGIBLE)
        .where(*narrowed(EPISODES, filters))
    )
    for started, outcome in session.execute(statement):
        counts[hours.day_of(started), outcome] += 1
    return [{"day": day, "outcome": outcome, "tickets": n} for (day, outcome), n in sorted(counts.items())]


def tickets_of_outcome(session: Session, window: Window, outcome: str, filters: Filters = EVERYTHING) -> list[int]:
    """The tickets behind one outcome, newest first."""
    statement = (
        EPISODES.joined(select(col(Episode.ticket_id)))
        .where(col(Episode.started_at) >= window.start, col(Episode.started_at) < window.end, ELIGIBLE, _OUTCOME.in_([outcome]))
        .where(*narrowed(EPISODES, filters))
        .order_by(col(Episode.started_at).desc())
    )
    return list(dict.fromkeys(session.execute(statement).scalars()))


def failures(session: Session, window: Window, filters: Filters = EVERYTHING, *, limit: int = 12) -> list[Failure]:
    """The most common reasons over rejections, escalations, errors and open breakers."""
    found = [
        Failure(what, s.label, s.figure.numerator, metric)
        for what, metric, by in _FAILURES
        for s in slices(session, metric, window, filters, by=by)
        if s.figure.numerator
    ]
    return sorted(found, key=lambda failure: (-failure.count, failure.what, failure.reason))[:limit]


def speeds(session: Session, window: Window, filters: Filters = EVERYTHING) -> list[Speed]:
    """Latency and cost of each agent and each tool."""
    found = []
    costs = _costs(session, window, filters)
    for kind in ("agent", "tool"):
        columns = [
            {s.label: s.figure for s in slices(session, f"{kind}_latency_{p}", window, filters, by=kind)}
            for p in ("p50", "p95", "p99")
        ]
        for name, figure in columns[0].items():
            p50, p95, p99 = (float(column[name].value or 0.0) for column in columns)
            found.append(
                Speed(
                    kind, name, figure.numerator, p50, p95, p99, costs.get(name, 0.0) if kind == "agent" else 0.0, figure.enough
                )
            )
    return found


def _costs(session: Session, window: Window, filters: Filters) -> dict[str, float]:
    """US dollars by agent."""
    total: Any = func.sum(col(RunStep.cost_usd))
    statement = (
        STEPS.joined(select(col(RunStep.role)).add_columns(total))
        .where(col(Episode.started_at) >= window.start, col(Episode.started_at) < window.end)
        .where(LIVE, col(RunStep.kind) == "model", *narrowed(STEPS, filters))
        .group_by(col(RunStep.role))
    )
    return {role: float(cost) for role, cost in session.execute(statement)}


def began(session: Session) -> datetime:
    """When the desk's first episode started; now, when there is none."""
    first: datetime | None = session.execute(select(func.min(col(Episode.started_at)))).scalar()
    return first or now()


def pulse(session: Session) -> tuple[str, ...]:
    """Changes whenever a figure may have: for caches."""
    newest = (func.max(col(Ticket.updated_at)), func.max(col(Ticket.id)))
    moved = [*session.execute(select(*newest)).one()]
    for column in (col(Decision.id), col(RunStep.id), col(Message.id)):
        moved.append(session.execute(select(func.max(column))).scalar())
    return tuple(map(str, moved))


def breakers(session: Session) -> Sequence[BreakerState]:
    """Every breaker with its state and how often it opened since the desk exists."""
    return session.execute(select(BreakerState).order_by(col(BreakerState.name))).scalars().all()


def choices(session: Session, window: Window) -> dict[str, list[tuple[Any, str]]]:
    """What the filters can be set to, from the tickets of the window: (value, label) by dimension."""
    volume = named("volume")
    return {by: [(s.key, s.label) for s in slices(session, volume, window, by=by) if s.key is not None] for by in DIMENSIONS}


__all__ = [
    "DIMENSIONS",
    "OUTCOMES",
    "Failure",
    "Speed",
    "began",
    "breakers",
    "choices",
    "failures",
    "outcomes",
    "pulse",
    "report",
    "speeds",
    "tickets_of_outcome",
]
