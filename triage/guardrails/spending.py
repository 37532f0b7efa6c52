"""What the Guardrails screen tells of budgets, breakers and steps down: used of what, cut off, spared, and what that saved."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from triage.guardrails import limits
from triage.guardrails.breakers import TOOL
from triage.guardrails.budgets import used_in
from triage.guardrails.limits import LIMITS, Limit
from triage.llm.degradation import Step
from triage.models import BreakerOpening, Customer, RateCount, Run, Spend, now
from triage.settings import Settings

DAYS = 30


@dataclass(frozen=True)
class LimitRow:
    """A limit as it counts now (0: none), what is used of it and by whom, and what it refused in the last 30 days.

    `used` is None where there is nothing to show. `cut` counts calls that were refused; `saved_usd` is what they would
    have cost at their model's mean price, None when that price is not known.
    """

    name: str
    limit: Limit
    value: float
    machine: float
    used: float | None = None
    who: str = ""
    cut: int = 0
    saved_usd: float | None = None

    @property
    def changed(self) -> bool:
        return self.value != self.machine


@dataclass(frozen=True)
class ModelRow:
    """A model's use in the last 30 days; `points` is the share of calls that another had to answer on each day; None: no calls."""

    name: str
    calls: int
    tokens: int
    cost_usd: float
    fallbacks: int
    points: list[float | None]

    @property
    def fallback_rate(self) -> float | None:
        asked = self.calls + self.fallbacks
        return self.fallbacks / asked if asked else None


@dataclass(frozen=True)
class ToolRow:
    """A connected tool's calls in the last 30 days, those that people approved included, and what they cost."""

    name: str
    calls: int
    cost_usd: float


@dataclass(frozen=True)
class OpeningRow:
    """One time a breaker was open. `saved_usd` is the spared calls at their mean price less what was paid in their place."""

    opening: BreakerOpening
    seconds: float
    saved_usd: float | None


def limit_rows(session: Session, settings: Settings) -> list[LimitRow]:
    """Every limit with its state."""
    counts, since = limits.load(session, settings), _since()
    spent = list(session.exec(select(Spend).where(Spend.day >= since)))
    prices, cut = _prices(spent), _cut(spent)
    rows = []
    for name, limit in LIMITS.items():
        used, who = _used(session, name)
        refused = cut.get(name, {})
        known = [prices[model] * calls for model, calls in refused.items() if model in prices]
        rows.append(
            LimitRow(
                name, limit, getattr(counts, name), getattr(settings, name), used, who, sum(refused.values()),
                sum(known) if len(known) == len(refused) and known else None,
            )
        )  # fmt: skip
    return rows


def model_rows(session: Session) -> list[ModelRow]:
    """Every model that was asked, or was to be asked, in the last 30 days; the dearest first."""
    by_model: dict[str, dict[str, dict[str, Spend]]] = defaultdict(lambda: {"model": {}, "fallback": {}})
    for row in session.exec(select(Spend).where(Spend.day >= _since())):
        kind, _, name = row.scope.partition(":")
        if kind in ("model", "fallback"):
            by_model[name][kind][row.day] = row
    rows = [_model_row(name, kinds["model"], kinds["fallback"]) for name, kinds in by_model.items()]
    return sorted(rows, key=lambda row: (-row.cost_usd, -row.calls, row.name))


def tool_rows(session: Session) -> list[ToolRow]:
    """Every tool of a connected API that was called in the last 30 days; the dearest first."""
    sums = select(Spend.scope, func.sum(Spend.calls), func.sum(Spend.cost_usd)).group_by(col(Spend.scope))
    found = session.exec(sums.where(Spend.day >= _since(), col(Spend.scope).startswith(TOOL)))
    rows = [ToolRow(scope.removeprefix(TOOL), int(calls), float(cost)) for scope, calls, cost in found]
    return sorted(rows, key=lambda row: (-row.cost_usd, -row.calls, row.name))


def step_counts(session: Session) -> dict[Step, int]:
    """How many runs of the last 30 days ended on each step; runs that a crash cut off may count twice below the first."""
    rows = session.exec(
        select(Spend.scope, func.sum(Spend.calls))
        .where(Spend.day >= _since(), col(Spend.scope).startswith("step:"))
        .group_by(col(Spend.scope))
    )
    below = {Step(scope.removeprefix("step:")): int(count) for scope, count in rows}
    runs = session.exec(
        select(func.count()).where(
            Run.started_at > now() - timedelta(days=DAYS), Run.status != "running", col(Run.forked_at).is_(None)
        )
    ).one()
    return {Step.FULL: max(0, runs - sum(below.values())), **{step: below.get(step, 0) for step in list(Step)[1:]}}


def openings(session: Session, *, limit: int = 30) -> list[OpeningRow]:
    """When breakers were open, newest first."""
    prices = _prices(list(session.exec(select(Spend).where(Spend.day >= _since()))))
    found = session.exec(select(BreakerOpening).order_by(col(BreakerOpening.id).desc()).limit(limit))
    rows = []
    for one in found:
        seconds = ((one.closed_at or now()) - one.opened_at).total_seconds()
        price = prices.get(one.name)
        known = None if price is None or one.name.startswith(TOOL) else price * one.spared - one.instead_usd
        rows.append(OpeningRow(one, max(0.0, seconds), known))
    return rows


def _model_row(name: str, answered: Mapping[str, Spend], fallen: Mapping[str, Spend]) -> ModelRow:
    points: list[float | None] = []
    first = now().date() - timedelta(days=DAYS - 1)
    for day in ((first + timedelta(days=number)).isoformat() for number in range(DAYS)):
        calls, fallbacks = (rows[day].calls if day in rows else 0 for rows in (answered, fallen))
        points.append(fallbacks / (calls + fallbacks) if calls + fallbacks else None)
    return ModelRow(
        name, sum(row.calls for row in answered.values()), sum(row.tokens for row in answered.values()),
        sum(row.cost_usd for row in answered.values()), sum(row.calls for row in fallen.values()), points,
    )  # fmt: skip


def _used(session: Session, name: str) -> tuple[float | None, str]:
    """What is used of a limit now, or was used at most in the last 30 days, and by whom."""
    money = LIMITS[name].unit == "usd"
    today = now().date().isoformat()
    if name.startswith("day_"):
        return used_in(session, today)[money], "today"
    if name.startswith("month_"):
        return used_in(session, f"{today[:8]}01")[money], "this month"
    if name.startswith("ticket_total"):
        return _dearest(session, money, by_ticket=True)
    if name.startswith("ticket_"):
        return _dearest(session, money, by_ticket=False)
    if name.startswith("sender_day"):
        return _top_sender(session, today, money)
    if name == "key_minute_calls":
        most = session.exec(select(func.max(RateCount.count)).where(col(RateCount.key).startswith("key:"))).one()
        return (float(most), "lately, by one key") if most else (None, "")
    return None, ""


def _dearest(session: Session, money: bool, *, by_ticket: bool) -> tuple[float | None, str]:
    value = Run.cost_usd if money else Run.input_tokens + Run.output_tokens
    total = func.sum(value) if by_ticket else func.max(value)
    query = (
        select(Run.ticket_id, total)
        .where(Run.started_at > now() - timedelta(days=DAYS), col(Run.forked_at).is_(None))
        .group_by(col(Run.ticket_id))
    )
    found = session.exec(query.order_by(total.desc()).limit(1)).first()
    return (float(found[1]), f"at most, ticket #{found[0]}") if found and found[1] else (None, "")


def _top_sender(session: Session, today: str, money: bool) -> tuple[float | None, str]:
    value = col(Spend.cost_usd) if money else col(Spend.tokens)
    people = col(Spend.scope).startswith("sender:") | col(Spend.scope).startswith("customer:")
    row = session.exec(select(Spend).where(Spend.day == today, people).order_by(value.desc()).limit(1)).first()
    if row is None:
        return None, ""
    kind, _, name = row.scope.partition(":")
    customer = session.get(Customer, int(name)) if kind == "customer" else None
    return (row.cost_usd if money else float(row.tokens)), f"today, {customer.name if customer else name}"


def _prices(spent: list[Spend]) -> dict[str, float]:
    """The mean price of a call by model and by tool ("tool:NAME")."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in spent:
        if row.scope.startswith(("model:", TOOL)):
            name = row.scope.removeprefix("model:")
            sums[name][0] += row.cost_usd
            sums[name][1] += row.calls
    return {model: cost / calls for model, (cost, calls) in sums.items() if calls}


def _cut(spent: list[Spend]) -> dict[str, dict[str, int]]:
    """How many calls of each model and tool each limit refused."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in spent:
        if row.scope.startswith("cut:"):
            _, name, model = row.scope.split(":", 2)
            found[name][model] += row.calls
    return found


def _since() -> str:
    return (now() - timedelta(days=DAYS)).date().isoformat()
