"""Tokens and money: what a run, a ticket, a customer and the whole desk have used, and whether the next call fits.

Totals are rows of Spend, raised by one statement that adds to what is there, so that several processes never lose
each other's sums. Finished calls are collected for a moment and written together; only runs that ask a model service
read or write anything here.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from triage.database import Database, direct
from triage.errors import BudgetExceeded
from triage.guardrails import limits
from triage.guardrails.breakers import TOOL
from triage.models import Run, Spend, Ticket, now
from triage.settings import Settings

T = TypeVar("T")
WORKSPACE = "workspace"
FLUSH_SECONDS = 0.5
REFRESH_SECONDS = 5.0
_MOST_SCOPES = 10_000  # senders whose totals are kept in memory
_ROUNDING = 1e-9  # US dollars by which sums of fractions may lie beside the true sum

# Asked once a run, so built once and read without a session.
_OTHERS = (col(Run.ticket_id) == Ticket.id, col(Run.id) != bindparam("run_id"), col(Run.forked_at).is_(None))
_STANDING = (
    columns(
        col(Ticket.identity), col(Ticket.customer_id), col(Ticket.requester_email),
        select(func.sum(Run.input_tokens + Run.output_tokens)).where(*_OTHERS).scalar_subquery(),
        select(func.sum(Run.cost_usd)).where(*_OTHERS).scalar_subquery(),
    ).where(col(Ticket.id) == select(Run.ticket_id).where(Run.id == bindparam("run_id")).scalar_subquery())
)  # fmt: skip
_SPENT = select(Spend.tokens, Spend.cost_usd).where(Spend.day == bindparam("day"), Spend.scope == bindparam("scope"))


@dataclass
class Used:
    """Tokens, US dollars and calls."""

    tokens: int = 0
    cost_usd: float = 0.0
    calls: int = 0

    def add(self, tokens: int, cost_usd: float, calls: int) -> None:
        self.tokens, self.cost_usd, self.calls = self.tokens + tokens, self.cost_usd + cost_usd, self.calls + calls


@dataclass
class RunBudget:
    """What one run of a ticket has used, and its ticket before it; `reserved` tokens belong to calls that are under way."""

    tokens: int = 0
    cost_usd: float = 0.0
    reserved: int = 0
    before: Used | None = None

    def check(self, settings: Settings, coming: int, coming_usd: float = 0.0) -> None:
        """Raises BudgetExceeded when `coming` more tokens or US dollars pass a limit of the run or the ticket, or its money is spent."""
        coming += self.reserved
        check(settings, "ticket", self.tokens, self.cost_usd, coming, "This run of the ticket", coming_usd)
        if self.before is not None:
            tokens, cost = self.before.tokens + self.tokens, self.before.cost_usd + self.cost_usd
            check(settings, "ticket_total", tokens, cost, coming, "This ticket with all its runs", coming_usd)


@dataclass(frozen=True)
class Standing:
    """Where a run begins: under which scope its customer is counted, and what the ticket's other runs used."""

    scope: str = ""
    before: Used | None = None


def check(
    settings: Settings, whose: str, tokens: int, cost_usd: float, coming: int, who: str, coming_usd: float = 0.0
) -> None:  # fmt: skip
    """Raises BudgetExceeded when the limits of `whose` leave no room for `coming` more tokens or US dollars; 0 is no limit."""
    name = f"{whose}_token_limit"
    if 0 < (most := getattr(settings, name)) < tokens + coming:
        said = f"{who} has used {tokens:,} of {most:,} tokens (TRIAGE_{name.upper()}) and the next call does not fit."
        raise BudgetExceeded(said, limit=name)
    name = f"{whose}_cost_limit"
    if (spendable := getattr(settings, name)) > 0 and (cost_usd >= spendable or cost_usd + coming_usd > spendable + _ROUNDING):
        fits = " and the next call does not fit" if cost_usd < spendable else ""
        raise BudgetExceeded(f"{who} has spent ${cost_usd:.2f} of ${spendable:.2f} (TRIAGE_{name.upper()}){fits}.", limit=name)


class DayBudget:
    """The use of today and this month (UTC) by desk, models and customers, shared by all runs of this process."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.limits = settings
        self._lock = threading.Lock()
        self._pending: dict[str, Used] = {}
        self._day = ""
        self._known: dict[str, tuple[int, float]] = {}
        self._month_before = (0, 0.0)
        self._read_at = self._written_at = 0.0

    async def check(self, coming: int, scope: str = "", coming_usd: float = 0.0) -> None:
        """Raises BudgetExceeded when what is left of day, month or the customer's day (`scope`) does not take `coming` tokens or US dollars.

        Reads the table every few seconds.
        """
        if self._day != _today() or time.monotonic() - self._read_at > REFRESH_SECONDS:
            await self.database.run(lambda session: self._refresh(session, scope))
        tokens, cost = self._total(WORKSPACE)
        check(self.limits, "day", tokens, cost, coming, "Today the desk", coming_usd)
        earlier_tokens, earlier_cost = self._month_before
        check(self.limits, "month", earlier_tokens + tokens, earlier_cost + cost, coming, "This month the desk", coming_usd)
        if scope:
            check(self.limits, "sender_day", *self._total(scope), coming, "Today this customer", coming_usd)

    async def standing(self, run_id: str) -> Standing:
        """Whose run this is, with what is used already; a run that is not stored (a rehearsal) is nobody's."""
        return await self.database.look(lambda: self._stands(run_id))

    async def add(self, model: str, tokens: int, cost_usd: float, scope: str = "") -> None:
        """Count a finished call; written at once when the last writing is a moment ago."""
        for counted in filter(None, (WORKSPACE, f"model:{model}", scope)):
            self.count(counted, tokens, cost_usd)
        if time.monotonic() - self._written_at > FLUSH_SECONDS:
            await self.flush()

    def tool_called(self, tool: str, price_usd: float, scope: str = "") -> None:
        """Count a call of a connected tool, in memory."""
        for counted, used in of_call(tool, price_usd, scope).items():
            self.count(counted, used.tokens, used.cost_usd)

    def count(self, scope: str, tokens: int = 0, cost_usd: float = 0.0) -> None:
        """Count one call under a scope of Spend, in memory."""
        with self._lock:
            self._pending.setdefault(scope, Used()).add(tokens, cost_usd, 1)

    async def flush(self) -> None:
        """Write what is counted but not yet in the table."""
        if self._pending:
            await self.flush_with(lambda _: None)

    async def flush_with(self, work: Callable[[Session], T]) -> T:
        """Do `work(session)` and write what is counted, in one transaction."""
        with self._lock:
            pending, self._pending = self._pending, {}
            self._written_at = time.monotonic()

        def both(session: Session) -> T:
            done = work(session)
            if pending:
                self.write(session, pending)
            return done

        try:
            return await self.database.run(both)
        except BaseException:
            with self._lock:
                for scope, used in pending.items():
                    self._pending.setdefault(scope, Used()).add(used.tokens, used.cost_usd, used.calls)
            raise

    def _total(self, scope: str) -> tuple[int, float]:
        tokens, cost = self._known.get(scope, (0, 0.0))
        waiting = self._pending.get(scope)
        return (tokens + waiting.tokens, cost + waiting.cost_usd) if waiting else (tokens, cost)

    def write(self, session: Session, pending: dict[str, Used]) -> None:
        """Add to the table, in the caller's transaction."""
        day, add = _today(), _ADD["sqlite" if self.database.is_sqlite else "postgresql"]
        rows = [
            {"day": day, "scope": scope, "tokens": used.tokens, "cost_usd": used.cost_usd, "calls": used.calls}
            for scope, used in sorted(pending.items())
        ]
        for scope, tokens, cost in direct.rows_of_each(session, add, rows):
            if day == self._day and scope in self._known:
                self._known[scope] = (tokens, cost)

    def _refresh(self, session: Session, scope: str) -> None:
        day = _today()
        if day != self._day or len(self._known) > _MOST_SCOPES:
            self._known.clear()
        self._day, self._read_at = day, time.monotonic()
        for name in filter(None, (WORKSPACE, scope)):
            self._known[name] = self._read(session, name)
        self._month_before = used_in(session, f"{day[:8]}01", before=day)
        self.limits = limits.load(session, self.settings)

    def _read(self, session: Session, scope: str) -> tuple[int, float]:
        row = session.exec(select(Spend).where(Spend.day == _today(), Spend.scope == scope)).first()
        return (row.tokens, row.cost_usd) if row else (0, 0.0)

    def _stands(self, run_id: str) -> Standing:
        found = self.database.first(_STANDING, run_id=run_id)
        if found is None:
            return Standing()
        identity, customer_id, email, tokens, cost = found
        scope = scope_of(identity, customer_id, email)
        tokens_today, cost_today = self.database.first(_SPENT, day=_today(), scope=scope) or (0, 0.0)
        self._known[scope] = (tokens_today, cost_today)
        return Standing(scope, Used(tokens or 0, cost or 0.0))


def of_call(tool: str, price_usd: float, scope: str) -> dict[str, Used]:
    """What one call of a connected tool adds to each scope; to those of desk and customer only when it costs."""
    scopes = (f"{TOOL}{tool}", WORKSPACE, scope) if price_usd else (f"{TOOL}{tool}",)
    return {counted: Used(0, price_usd, 1) for counted in scopes if counted}


def scope_of(identity: str, customer_id: int | None, email: str) -> str:
    """Under what a ticket's customer is counted: a From header is no identity, so who only claims one cannot use up a customer's."""
    return f"customer:{customer_id}" if identity == "verified" and customer_id else f"sender:{email.lower()}"


def used_in(session: Session, since: str, *, before: str = "9999", scope: str = WORKSPACE) -> tuple[int, float]:
    """Tokens and US dollars of a scope on the days (ISO) from `since` up to `before`."""
    sums = select(func.sum(Spend.tokens), func.sum(Spend.cost_usd))
    tokens, cost = session.exec(sums.where(Spend.scope == scope, Spend.day >= since, Spend.day < before)).one()
    return tokens or 0, cost or 0.0


def _adding(dialect: Any) -> Any:
    """Add to what stands in the row, or begin it; gives the new sums."""
    fresh = dialect.insert(Spend)
    return fresh.on_conflict_do_update(
        index_elements=["day", "scope"],
        set_={
            "tokens": col(Spend.tokens) + fresh.excluded.tokens,
            "cost_usd": col(Spend.cost_usd) + fresh.excluded.cost_usd,
            "calls": col(Spend.calls) + fresh.excluded.calls,
        },
    ).returning(col(Spend.scope), col(Spend.tokens), col(Spend.cost_usd))


_ADD = {"sqlite": _adding(sqlite), "postgresql": _adding(postgresql)}


def _today() -> str:
    return now().date().isoformat()
