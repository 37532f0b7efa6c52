"""Who calls: the bearer key, checked on every request, and two brakes (wrong keys, too many calls)."""

import asyncio
import math
import time
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlmodel import Session

from triage.accounts import apikeys, ratelimit
from triage.accounts.rates import Rates
from triage.api.problems import Problem
from triage.database import Database
from triage.guardrails import limits
from triage.models import ApiKey
from triage.settings import Settings

scheme = HTTPBearer(auto_error=False, description="A key made with `triage key create NAME`.")
LIMIT_SECONDS = 5.0  # how long a limit set on the screen may take to count


class KeyCheck:
    """The dependency of every route: the caller's live key, or a 401 or 429 problem."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.rates = Rates(database)
        self._limit, self._read_at = settings.key_minute_calls, -LIMIT_SECONDS

    async def __call__(self, request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(scheme)]) -> ApiKey:
        plain = given.credentials if given else ""
        address = request.client.host if request.client else ""
        key = await asyncio.to_thread(self._find, plain, address)
        if wait := await asyncio.to_thread(self.rates.take, f"key:{key.id}", self._limit):
            raise _slow_down("Too many calls with this key.", wait)
        return key

    def _find(self, plain: str, address: str) -> ApiKey:
        with self.database.read() as session:
            self._read_limit(session)
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

    def _read_limit(self, session: Session) -> None:
        if time.monotonic() - self._read_at > LIMIT_SECONDS:
            self._limit, self._read_at = limits.load(session, self.settings).key_minute_calls, time.monotonic()


def _slow_down(detail: str, wait: float) -> Problem:
    seconds = max(1, math.ceil(wait))
    return Problem(429, detail, f"Wait {seconds} s, then send it again.", headers={"Retry-After": str(seconds)})
