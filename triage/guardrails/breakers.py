"""A breaker per model and tool: after failures in a row it opens, later lets one probe through, closes when that succeeds.

Each process keeps its own state and decides without asking the database; a change of state is written to
BreakerState for the Guardrails screen, and read at the first use so that a restart does not forget an outage.
Each time of being open is a row of BreakerOpening; what was spared meanwhile is counted in memory and added in batches.

A tool that asks a service over the network goes through `Breakers.call` under the name "tool:NAME":

    answer = await context.breakers.call("tool:look_up_parcel", lambda: client.get(address))
"""

import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from triage.database import Database
from triage.errors import BreakerOpen, ModelDown, ToolDown, ToolError
from triage.models import BreakerOpening, BreakerState, now
from triage.settings import Settings

T = TypeVar("T")
TOOL = "tool:"
_DOWN = (ModelDown, ToolDown, TimeoutError, OSError)


@dataclass
class Spared:
    """What an open breaker kept from being asked, since it was last written: calls, and those answered in their place."""

    calls: int = 0
    probes: int = 0
    instead: int = 0
    instead_usd: float = 0.0


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
    spared: Spared = field(default_factory=Spared)

    def admit(self, wait: float, patience: float, clock: float) -> bool:
        """Let a call through, or raise BreakerOpen; True when the state changed. A probe that never ended is given up after `patience`."""
        if self.state == "closed":
            return False
        changed = False
        if self.state == "open":
            left = wait - (clock - (self.opened or 0.0))
            if left > 0:
                self.spared.calls += 1
                raise BreakerOpen(f"{self.name} failed {self.failures} times in a row and is not asked for another {left:.0f} s.")
            self.state, self.probing_since, changed = "half_open", None, True
        if self.probing_since is not None and clock - self.probing_since < patience:
            self.spared.calls += 1
            raise BreakerOpen(f"{self.name} is being tried by another ticket; it is not asked until that call has ended.")
        self.probing_since = clock
        self.spared.probes += 1
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

    async def call(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do `work`, which asks the service behind `name` ("tool:NAME" for a tool), unless its breaker is open.

        ToolDown, ModelDown, TimeoutError and OSError count as no answer; any other error is an answer. All are raised
        as they are. Raises ToolError, which the model is told, when a tool is not to be asked now, BreakerOpen for others.
        """
        try:
            await self.before(name)
        except BreakerOpen as error:
            if name.startswith(TOOL):
                raise ToolError(f"{str(error).removeprefix(TOOL).rstrip('.')}; go on without it") from error
            raise
        try:
            answer = await work()
        except BaseException as error:  # also when cancelled: a probe must end one way or the other
            await self.after(name, error if isinstance(error, Exception) else ToolDown("interrupted"))
            raise
        await self.after(name, None)
        return answer

    async def before(self, name: str) -> None:
        """Raises BreakerOpen when the service is not to be asked now."""
        breaker = self._breakers.get(name) or await self._load(name)
        with self._lock:
            changed = breaker.admit(self.settings.breaker_seconds, self._patience(), time.monotonic())
        if changed:
            await self._save(breaker)

    async def after(self, name: str, error: Exception | None) -> None:
        """Only silence counts as a failure: a service that refuses a request has answered."""
        breaker = self._breakers.get(name) or await self._load(name)
        with self._lock:
            if isinstance(error, _DOWN):
                said = str(error)[:500] or type(error).__name__
                changed = breaker.failed(said, self.settings.breaker_failures, time.monotonic())
            else:
                changed = breaker.succeeded()
        if changed:
            await self._save(breaker)

    def instead(self, name: str, cost_usd: float, *, first: bool) -> None:
        """Another model answered for this one at `cost_usd`; `first`: the refusal of this very call is counted already."""
        with self._lock:
            if breaker := self._breakers.get(name):
                breaker.spared.calls += not first
                breaker.spared.instead += 1
                breaker.spared.instead_usd += cost_usd

    async def flush(self) -> None:
        """Write what was counted but is not yet in the table."""
        if any(breaker.spared != Spared() for breaker in self._breakers.values()):
            await self.database.run(self._write_spared)

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
            self._write_history(session, breaker)

        await self.database.run(write)

    def _write_history(self, session: Session, breaker: Breaker) -> None:
        """Begin an opening, or end those under way; a probe that fails goes on with the opening it belongs to."""
        under_way = _under_way(session, breaker.name)
        if breaker.state == "open" and under_way is None:
            session.add(BreakerOpening(name=breaker.name, why=breaker.last_error, failures=breaker.failures))
            session.flush()
        self._add_spared(session, breaker)
        if breaker.state == "closed":
            for row in session.exec(_openings(breaker.name).where(col(BreakerOpening.closed_at).is_(None))):
                row.closed_at = now()
                session.add(row)

    def _write_spared(self, session: Session) -> None:
        for name in sorted(self._breakers):
            self._add_spared(session, self._breakers[name])

    def _add_spared(self, session: Session, breaker: Breaker) -> None:
        with self._lock:
            spared, breaker.spared = breaker.spared, Spared()
        if spared == Spared():
            return
        latest = _openings(breaker.name).order_by(col(BreakerOpening.id).desc()).limit(1).with_for_update()
        row = session.exec(latest).first()
        if row:
            row.spared, row.probes = row.spared + spared.calls, row.probes + spared.probes
            row.instead, row.instead_usd = row.instead + spared.instead, row.instead_usd + spared.instead_usd
            session.add(row)


def _openings(name: str) -> SelectOfScalar[BreakerOpening]:
    return select(BreakerOpening).where(BreakerOpening.name == name)


def _under_way(session: Session, name: str) -> BreakerOpening | None:
    """The opening of this breaker that has not ended, whichever process began it."""
    return session.exec(_openings(name).where(col(BreakerOpening.closed_at).is_(None)).limit(1)).first()
