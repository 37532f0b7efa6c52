"""Who calls: the bearer key, checked on every request, and two brakes (wrong keys, too many calls)."""

import asyncio
import math
import threading
import time
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from triage.accounts import apikeys, ratelimit
from triage.api.problems import Problem
from triage.database import Database
from triage.models import ApiKey

PER_SECOND, BURST = 100.0, 500.0
scheme = HTTPBearer(auto_error=False, description="A key made with `triage key create NAME`.")


class Throttle:
    """A bucket of calls for each key of this process: `burst` at once, `rate` a second in the long run."""

    def __init__(self, rate: float = PER_SECOND, burst: float = BURST) -> None:
        self.rate, self.burst = rate, burst
        self._buckets: dict[int, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, key: int, moment: float | None = None) -> float:
        """Take one call; returns 0, or the seconds to wait."""
        moment = time.monotonic() if moment is None else moment
        with self._lock:
            left, since = self._buckets.get(key, (self.burst, moment))
            left = min(self.burst, left + (moment - since) * self.rate)
            if left < 1:
                self._buckets[key] = (left, moment)
                return (1 - left) / self.rate
            self._buckets[key] = (left - 1, moment)
            return 0.0


class KeyCheck:
    """The dependency of every route: the caller's live key, or a 401 or 429 problem."""

    def __init__(self, database: Database, throttle: Throttle) -> None:
        self.database, self.throttle = database, throttle

    async def __call__(self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(scheme)]) -> ApiKey:
        plain = given.credentials if given else ""
        address = request.client.host if request.client else ""
        key = await asyncio.to_thread(self._find, plain, address)
        if wait := self.throttle.take(key.id or 0):
            raise _slow_down("Too many calls with this key.", wait)
        return key

    def _find(self, plain: str, address: str) -> ApiKey:
        with self.database.read() as session:
            key = apikeys.find(session, plain) if plain else None
        if key:
            return key
        if plain:
            with self.database.transaction() as session:
                wait = ratelimit.attempt(session, ratelimit.brakes(address))
            if wait:
                raise _slow_down("Too many wrong keys from this address.", wait)
        raise Problem(
            401,
            "This key is not valid: it is wrong or was revoked." if plain else "There is no API key in the request.",
            "Send the header `Authorization: Bearer KEY`; an administrator makes a key with `triage key create NAME`.",
            headers={"WWW-Authenticate": "Bearer"},
        )


def _slow_down(detail: str, wait: float) -> Problem:
    seconds = max(1, math.ceil(wait))
    return Problem(429, detail, f"Wait {seconds} s, then send it again.", headers={"Retry-After": str(seconds)})
