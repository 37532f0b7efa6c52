"""Tokens and money: what a run has used, and what the whole desk has used today.

The day's totals are rows of Spend, raised by one statement that adds to what is there, so that several processes
never lose each other's sums. Finished calls are collected for a moment and written together.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from triage.database import Database
from triage.errors import BudgetExceeded
from triage.models import Spend, now
from triage.settings import Settings

WORKSPACE = "workspace"
FLUSH_SECONDS = 0.5
REFRESH_SECONDS = 5.0


@dataclass
class RunBudget:
    """What one run of a ticket has used; `reserved` tokens belong to calls that are under way."""

    tokens: int = 0
    cost_usd: float = 0.0
    reserved: int = 0

    def check(self, settings: Settings, coming: int) -> None:
        """Raises BudgetExceeded when `coming` more tokens pass the ticket's limit, or its money is spent."""
        if self.tokens + self.reserved + coming > settings.ticket_token_limit:
            raise BudgetExceeded(
                f"This ticket has used {self.tokens:,} of {settings.ticket_token_limit:,} tokens (TRIAGE_TICKET_TOKEN_LIMIT) and the next call does not fit."
            )
        if self.cost_usd >= settings.ticket_cost_limit > 0:
            raise BudgetExceeded(
                f"This ticket has spent ${self.cost_usd:.2f} of ${settings.ticket_cost_limit:.2f} (TRIAGE_TICKET_COST_LIMIT)."
            )


class DayBudget:
    """The desk's use today (UTC), shared by all runs of this process."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self._lock = threading.Lock()
        self._pending: dict[str, list[float]] = {}
        self._day = ""
        self._tokens, self._cost = 0, 0.0
        self._read_at = self._written_at = 0.0

    async def check(self, coming: int) -> None:
        """Raises BudgetExceeded when the desk's tokens or money of today are used up; reads the table every few seconds."""
        if self._day != _today() or time.monotonic() - self._read_at > REFRESH_SECONDS:
            await self.database.run(self._refresh)
        waiting = self._pending.get(WORKSPACE, [0, 0.0])
        if self._tokens + waiting[0] + coming > self.settings.day_token_limit:
            raise BudgetExceeded(f"The desk has used today's {self.settings.day_token_limit:,} tokens (TRIAGE_DAY_TOKEN_LIMIT).")
        if self._cost + waiting[1] >= self.settings.day_cost_limit > 0:
            raise BudgetExceeded(f"The desk has spent today's ${self.settings.day_cost_limit:.2f} (TRIAGE_DAY_COST_LIMIT).")

    async def add(self, model: str, tokens: int, cost_usd: float) -> None:
        """Count a finished call; written at once when the last writing is a moment ago."""
        if not tokens and not cost_usd:
            return
        with self._lock:
            for scope in (WORKSPACE, f"model:{model}"):
                row = self._pending.setdefault(scope, [0, 0.0])
                row[0] += tokens
                row[1] += cost_usd
        if time.monotonic() - self._written_at > FLUSH_SECONDS:
            await self.flush()

    async def flush(self) -> None:
        """Write what is counted but not yet in the table."""
        with self._lock:
            pending, self._pending = self._pending, {}
            self._written_at = time.monotonic()
        if not pending:
            return
        try:
            await self.database.run(lambda session: self._write(session, pending))
        except BaseException:
            with self._lock:
                for scope, (tokens, cost) in pending.items():
                    row = self._pending.setdefault(scope, [0, 0.0])
                    row[0] += tokens
                    row[1] += cost
            raise

    def _write(self, session: Session, pending: dict[str, list[float]]) -> None:
        day, add = _today(), _ADD["sqlite" if self.database.is_sqlite else "postgresql"]
        for scope, (tokens, cost) in sorted(pending.items()):
            row = {"day": day, "scope": scope, "tokens": int(tokens), "cost_usd": cost}
            total = session.connection().execute(add, row).one()
            if scope == WORKSPACE:
                self._day, self._tokens, self._cost, self._read_at = day, *total, time.monotonic()

    def _refresh(self, session: Session) -> None:
        day = _today()
        row = session.exec(select(Spend).where(Spend.day == day, Spend.scope == WORKSPACE)).first()
        self._day, self._read_at = day, time.monotonic()
        self._tokens, self._cost = (row.tokens, row.cost_usd) if row else (0, 0.0)


def _adding(dialect: Any) -> Any:
    """Add to what stands in the row, or begin it; gives the new sums."""
    fresh = dialect.insert(Spend)
    return fresh.on_conflict_do_update(
        index_elements=["day", "scope"],
        set_={"tokens": col(Spend.tokens) + fresh.excluded.tokens, "cost_usd": col(Spend.cost_usd) + fresh.excluded.cost_usd},
    ).returning(col(Spend.tokens), col(Spend.cost_usd))


_ADD = {"sqlite": _adding(sqlite), "postgresql": _adding(postgresql)}


def _today() -> str:
    return now().date().isoformat()
