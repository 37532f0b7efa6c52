"""What alerts compare: the last hour with the same hours of two weeks, today with the days of four."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, func
from sqlmodel import Session, col, select

from triage.models import GuardVerdict, Run, Spend

_HOUR, _WEEKS, _DAYS = timedelta(hours=1), timedelta(days=14), 28
_DAY_SCOPES = {"refused:": ("refusal_spike", 20.0), "down:": ("outage_spike", 20.0)}

_BLOCKS = and_(col(GuardVerdict.verdict) == "block", col(GuardVerdict.rule) != "flood")  # floods alert by themselves


@dataclass(frozen=True)
class Series:
    """One figure now, and what it was in comparable windows. `least`: below it nothing is worth an alert; `usd`: it is money."""

    kind: str
    subject: str
    name: str
    window: str
    value: float
    usual: list[float]
    least: float
    usd: bool = False

    def word(self, value: float) -> str:
        return f"${value:,.2f}" if self.usd else f"{value:,.0f}"


def hourly(session: Session, moment: datetime) -> Iterator[Series]:
    """Cost, failed runs and blocks of the last sixty minutes."""
    runs = (Run.started_at, and_(col(Run.started_at) > moment - _WEEKS, col(Run.forked_at).is_(None)))
    cost = _by_hour(session, moment, *runs, func.sum(Run.cost_usd), col(Run.cost_usd) > 0)
    failed = _by_hour(session, moment, *runs, func.count(), col(Run.status) == "failed")
    verdicts = (GuardVerdict.created_at, GuardVerdict.created_at > moment - _WEEKS)
    blocked = _by_hour(session, moment, *verdicts, func.count(), _BLOCKS)
    among = _by_hour(session, moment, *runs, func.count(), col(Run.id).is_not(None))
    started = session.exec(
        select(func.min(Run.started_at)).where(Run.started_at > moment - _WEEKS, col(Run.forked_at).is_(None))
    ).one()
    began = _aware(started) if started else moment
    for kind, name, found, least, usd in (
        ("cost_spike", "the last hour", cost, 2.0, True),
        ("error_spike", "the last hour", failed, max(10.0, _explained(failed, among)), False),
        ("block_spike", "the last hour", blocked, max(15.0, _explained(blocked, among)), False),
    ):
        yield Series(kind, "hour", name, "in the last hour", found[0], _comparable(found[1], moment, began), least, usd)


def spent_by_day(session: Session, moment: datetime) -> Iterator[Series]:
    """Cost of today, and refusals and outages of each model."""
    today, first = moment.date(), (moment - timedelta(days=_DAYS)).date()
    rows = session.exec(select(Spend).where(Spend.day >= first.isoformat())).all()
    by_scope: dict[str, dict[str, Spend]] = defaultdict(dict)
    for row in rows:
        by_scope[row.scope][row.day] = row
    known = sorted({row.day for row in rows if row.day < today.isoformat() and row.scope == "workspace"})
    for scope, days in by_scope.items():
        now_row = days.get(today.isoformat())
        if now_row is None:
            continue
        if scope == "workspace":
            usual = [days[day].cost_usd if day in days else 0.0 for day in known]
            yield Series("cost_spike", "day", "today", "today", now_row.cost_usd, usual, 10.0, usd=True)
        for prefix, (kind, least) in _DAY_SCOPES.items():
            if scope.startswith(prefix):
                usual = [float(days[day].calls) if day in days else 0.0 for day in known]
                model = scope.removeprefix(prefix)
                yield Series(kind, scope, model, f"today by {model}", float(now_row.calls), usual, least)


Hours = tuple[float, dict[datetime, float]]


def _explained(found: Hours, runs: Hours) -> float:
    """What the number of runs alone explains: a quarter of them, or three times the usual share."""
    share = sum(found[1].values()) / max(1.0, sum(runs[1].values()))
    return runs[0] * max(0.25, min(1.0, 3 * share))


def _by_hour(session: Session, moment: datetime, column: Any, since: Any, value: Any, which: Any) -> Hours:
    """The value of the last sixty minutes, and that of each full hour before, where there was any."""
    last = session.exec(select(value).where(which, column > moment - _HOUR)).one() or 0
    sqlite = session.get_bind().dialect.name == "sqlite"
    hour = func.substr(column, 1, 13) if sqlite else func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24")
    rows = session.exec(select(hour, value).where(since, which).group_by(hour)).all()
    return float(last), {datetime.strptime(name, "%Y-%m-%d %H").replace(tzinfo=UTC): float(total or 0) for name, total in rows}


def _comparable(by_hour: dict[datetime, float], moment: datetime, began: datetime) -> list[float]:
    """The values of hours at most one off this time of day, on the days before, since anything was recorded."""
    here = moment.replace(minute=0, second=0, microsecond=0)
    hours = [here - timedelta(days=day, hours=off) for day in range(1, 15) for off in (-1, 0, 1)]
    return [by_hour.get(hour, 0.0) for hour in hours if hour >= began.replace(minute=0, second=0, microsecond=0)]


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
