"""A breaker per model: after failures in a row it opens, later lets one probe through, closes when that succeeds.

Each process keeps its own state and decides without asking the database; a change of state is written to
BreakerState for the Guardrails screen, and read at the first use so that a restart does not forget an outage.
"""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from triage.database import Database
from triage.errors import BreakerOpen, ModelDown
from triage.models import BreakerState, now
from triage.settings import Settings


@dataclass
class Breaker:
    """One breaker in memory; `opened` and `probing_since` are monotonic seconds, None when not so."""

    name: str
    state: str = "closed"
    failures: int = 0
    opened: float | None = None
    probing_since: float | None = None
    openings: int = 0
    last_error: str = ""

    def admit(self, wait: float, patience: float, clock: float) -> bool:
        """Let a call through, or raise BreakerOpen; True when the state changed. A probe that never ended is given up after `patience`."""
        if self.state == "closed":
            return False
        changed = False
        if self.state == "open":
            left = wait - (clock - (self.opened or 0.0))
            if left > 0:
                raise BreakerOpen(f"{self.name} failed {self.failures} times in a row and is not asked for another {left:.0f} s.")
            self.state, self.probing_since, changed = "half_open", None, True
        if self.probing_since is not None and clock - self.probing_since < patience:
            raise BreakerOpen(f"{self.name} is being tried by another ticket; it is not asked until that call has ended.")
        self.probing_since = clock
        return changed

    def succeeded(self) -> bool:
        """A call was answered; True when the state changed."""
        changed = self.state != "closed"
        self.state, self.failures, self.opened, self.probing_since = "closed", 0, None, None
        return changed

    def failed(self, error: str, limit: int, clock: float) -> bool:
        """A call was not answered; True when the state changed."""
        self.failures += 1
        self.last_error = error
        if self.state == "open" or (self.state == "closed" and self.failures < limit):
            return False
        self.openings += 1
        self.state, self.opened, self.probing_since = "open", clock, None
        return True


class Breakers:
    """The breakers of this process."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self._lock = threading.Lock()
        self._breakers: dict[str, Breaker] = {}

    async def before(self, name: str) -> None:
        """Raises BreakerOpen when the model is not to be asked now."""
        breaker = self._breakers.get(name) or await self._load(name)
        with self._lock:
            changed = breaker.admit(self.settings.breaker_seconds, self._patience(), time.monotonic())
        if changed:
            await self._save(breaker)

    async def after(self, name: str, error: Exception | None) -> None:
        """Only silence counts as a failure: a model that refuses a request has answered."""
        breaker = self._breakers.get(name) or await self._load(name)
        with self._lock:
            if isinstance(error, ModelDown):
                changed = breaker.failed(str(error)[:500], self.settings.breaker_failures, time.monotonic())
            else:
                changed = breaker.succeeded()
        if changed:
            await self._save(breaker)

    def _patience(self) -> float:
        return self.settings.model_timeout * (self.settings.model_retries + 1) + self.settings.breaker_seconds

    async def _load(self, name: str) -> Breaker:
        row = await self.database.run(lambda session: session.get(BreakerState, name))
        with self._lock:
            breaker = self._breakers.setdefault(name, Breaker(name))
            if row and breaker.state == "closed" and row.state != "closed" and row.opened_at:
                ago = max(timedelta(0), now() - row.opened_at).total_seconds()
                breaker.state, breaker.failures, breaker.opened = "open", row.failures, time.monotonic() - ago
            breaker.openings = max(breaker.openings, row.openings if row else 0)
        return breaker

    async def _save(self, breaker: Breaker) -> None:
        def write(session: Session) -> None:
            row = session.get(BreakerState, breaker.name) or BreakerState(name=breaker.name)
            if breaker.state == "open" and row.state != "open":
                row.opened_at, row.openings = now(), row.openings + 1
            row.state, row.failures, row.last_error, row.changed_at = breaker.state, breaker.failures, breaker.last_error, now()
            session.add(row)

        await self.database.run(write)
