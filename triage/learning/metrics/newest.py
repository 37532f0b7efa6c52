"""The newest tickets behind a number, found without reading the older ones."""

from datetime import timedelta

from sqlmodel import Session

from triage.learning.metrics.catalogue import named
from triage.learning.metrics.computing import Side, tickets
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.sla.plan import desk_hours

_WIDER = 4  # times as many days are looked at when those before did not hold enough


def newest(
    session: Session,
    metric: Metric | str,
    window: Window,
    filters: Filters = EVERYTHING,
    side: Side = "numerator",
    *,
    part: tuple[str, str | int | None] | None = None,
    between: tuple[float, float] | None = None,
    limit: int,
) -> tuple[list[int], bool]:
    """The first `limit` of `tickets`, and whether there may be more."""
    metric, hours = named(metric) if isinstance(metric, str) else metric, desk_hours(session)
    days = hours.days_between(window.start, window.end)
    reach = len(days) if metric.stock else 1
    while reach < len(days):
        late = Window(hours.midnight(days[-1] - timedelta(days=reach - 1)), window.end)
        found = tickets(session, metric, late, filters, side, part=part, between=between)
        if len(found) >= limit:
            return found[:limit], True
        reach *= _WIDER
    found = tickets(session, metric, window, filters, side, part=part, between=between)
    return found[:limit], len(found) > limit
