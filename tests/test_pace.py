"""What is short is done by the event loop itself, what is long by a thread, and which is which is learnt."""

import asyncio
import threading
import time
from contextvars import ContextVar

import pytest

from triage.database import Database
from triage.database.pace import SHORT, Pace

_SAID: ContextVar[str] = ContextVar("said", default="nothing")


def _busy(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def _where() -> threading.Thread:
    return threading.current_thread()


async def test_short_work_is_done_on_the_spot_where_the_database_is_a_file(database: Database) -> None:
    first = await database.compute("search", _where)
    then = await database.compute("search", _where)
    assert first is not _where(), "nobody knew how long it takes"
    assert (then is _where()) == database.is_sqlite, "another database is asked over the network, which no event loop waits for"


async def test_long_work_leaves_the_event_loop_free(database: Database) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    waiting = asyncio.create_task(others())
    for _ in range(3):
        await database.compute("judge", lambda: _busy(3 * SHORT))
    waiting.cancel()
    assert turns > 3


async def test_work_and_its_errors_are_the_callers_own_wherever_it_is_done(database: Database) -> None:
    def fails() -> None:
        raise ValueError(_SAID.get())

    _SAID.set("what the caller set")
    for _ in range(2):
        with pytest.raises(ValueError, match="what the caller set"):
            await database.compute("sort", fails)


def test_work_that_grows_long_and_short_again_is_told_by_its_newest_times() -> None:
    pace = Pace()
    assert not pace.short("search")
    pace.timed("search", lambda: None)
    assert pace.short("search")
    pace.timed("search", lambda: _busy(8 * SHORT))
    assert not pace.short("search")
    for _ in range(20):
        pace.timed("search", lambda: None)
    assert pace.short("search")
