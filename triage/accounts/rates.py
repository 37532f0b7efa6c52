"""Calls a minute under a key, counted for all processes together.

A sliding window of two counters: the running minute's count and the last one's, weighted by how much of it still
lies within sixty seconds. A process takes calls in small leases, so that most calls ask no database; what it does not
use of a lease is lost, which errs on the strict side by a fiftieth of the limit.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from triage.database import Database
from triage.models import RateCount

SECONDS = 60
_LEASES = 50  # a lease is this part of the limit


@dataclass
class _Lease:
    """Calls this process may make without asking, in one minute; `until` is when it makes sense to ask again."""

    window: int
    left: int
    until: float = 0.0


class Rates:
    """The rates of this process; `take` may be called by several threads."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._leases: dict[str, _Lease] = {}
        self._lock = threading.Lock()

    def take(self, key: str, limit: int, moment: float | None = None) -> float:
        """Take one call of at most `limit` a minute (0: any number); returns 0, or the seconds to wait."""
        if limit <= 0:
            return 0.0
        moment = time.time() if moment is None else moment
        window = int(moment // SECONDS)
        with self._lock:
            lease = self._leases.get(key)
            if lease and lease.window == window and lease.left > 0:
                lease.left -= 1
                return 0.0
            if lease and moment < lease.until:
                return lease.until - moment
            self._leases[key] = lease = self._leased(key, limit, window, moment)
            if lease.left > 0:
                lease.left -= 1
                return 0.0
            return max(lease.until - moment, 0.001)

    def _leased(self, key: str, limit: int, window: int, moment: float) -> _Lease:
        passed = moment / SECONDS - window  # the part of the running minute that is over

        def lease(session: Session) -> tuple[int, int, int]:
            counted, before = _counts(session, key, window)
            granted = min(max(1, limit // _LEASES), int(limit - before * (1 - passed)) - counted)
            if granted > 0:
                session.connection().execute(_raised(key, window, granted))
            return granted, counted, before

        granted, counted, before = self.database.run_now(lease)
        if granted > 0:
            return _Lease(window, granted)
        end, spare = 1 - passed, limit - counted - 1  # what the last minute may still weigh for one call to fit
        part = min(end, max(0.0, 1 - spare / before - passed)) if before and spare >= 0 else end
        return _Lease(window, 0, moment + max(part * SECONDS, 0.05))


def forget_old(session: Session) -> None:
    """Delete counters that no longer count."""
    session.execute(delete(RateCount).where(col(RateCount.window) < int(time.time() // SECONDS) - 2))


def _counts(session: Session, key: str, window: int) -> tuple[int, int]:
    """The counts of this window, whose row is locked from here on, and of the one before."""
    begin = _BEGIN["sqlite" if session.get_bind().dialect.name == "sqlite" else "postgresql"]
    counted = session.connection().execute(begin, {"key": key, "window": window, "count": 0}).scalar_one()
    before = session.get(RateCount, (key, window - 1))
    return counted, before.count if before else 0


def _raised(key: str, window: int, by: int) -> Any:
    row = (col(RateCount.key) == key, col(RateCount.window) == window)
    return update(RateCount).where(*row).values(count=col(RateCount.count) + by)


def _beginning(dialect: Any) -> Any:
    """The row's count; a new row begins with nothing, one that is there is locked by a change that changes nothing."""
    return (
        dialect.insert(RateCount)
        .on_conflict_do_update(index_elements=["key", "window"], set_={"count": col(RateCount.count)})
        .returning(col(RateCount.count))
    )


_BEGIN = {"sqlite": _beginning(sqlite), "postgresql": _beginning(postgresql)}
