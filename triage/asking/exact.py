"""The metric that a question names, as the metrics screen computes it: the figure that counts, beside any query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from triage.asking import known, periods
from triage.briefs import AskBrief
from triage.learning import metrics
from triage.learning.metrics import METRICS, Figure, Filters, Metric, Window, reports
from triage.models import User
from triage.sla.plan import desk_hours


@dataclass(frozen=True)
class Exact:
    """A metric of the catalogue with its figure; `over` says which time and which cases."""

    metric: Metric
    figure: Figure
    over: str


def figures(session: Session, brief: AskBrief, names: Sequence[str]) -> list[Exact]:
    """The named metrics over the question's time and for the cases that it names."""
    wanted = [METRICS[name] for name in dict.fromkeys(names) if name in METRICS][:3]
    if not wanted:
        return []
    found = known.understood(brief)
    wheres = found.wheres if found else {}
    period = found.period if found else periods.named(known.fold(brief.question), date.fromisoformat(brief.today))
    window = _window(session, period, date.fromisoformat(brief.today))
    filters = Filters(
        wheres.get("category"), wheres.get("language"), wheres.get("channel"), _person(session, wheres.get("person"))
    )
    chosen = [value for name, value in wheres.items() if name in ("category", "language", "channel", "person")]
    return [
        Exact(
            metric,
            metrics.compute(session, metric, window, filters),
            ", ".join(["now" if metric.stock else period.words, *chosen]),
        )
        for metric in wanted
    ]


def _window(session: Session, period: periods.Period, today: date) -> Window:
    hours = desk_hours(session)
    first = period.first or hours.day_of(reports.began(session))
    return Window.of_days(first, max(first, period.last or today), hours)


def _person(session: Session, name: str | None) -> int | None:
    return session.exec(select(User.id).where(col(User.name) == name)).first() if name else None
