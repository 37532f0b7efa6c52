"""How long the metrics screen takes: its figures alone and its whole page, for each of its ranges, first and again.

Of a page counts what the server does for one draw, as in benchmarks.review_desk: the tool that asks for it here takes
another 0.1 s to hand the page on, which a server does not.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest import mock

import numpy as np
from rich.table import Table
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.testing.v1 import AppTest

import pages
from pages.parts import board
from triage import office
from triage.database import Database
from triage.learning.metrics import Filters, Window
from triage.learning.metrics.kept import MEMORY
from triage.settings import Settings
from triage.sla.plan import desk_hours

TARGET = 0.7  # seconds that 95 of 100 draws of the screen must not exceed, on SQLite with 200,000 tickets
_RANGES = ("7", "", "90", "365")
_PAGE = str(Path(pages.__file__).with_name("metrics.py"))
_NARROW = {"category": "orders", "language": "de"}
_MANAGER = 2
Run = tuple[float, float]  # seconds by the clock and of CPU


@dataclass(frozen=True)
class Times:
    """Seconds that each of several draws took, by the clock and of CPU."""

    wall: list[float]
    cpu: list[float]


def use(settings: Settings, database: Database, repeat: int) -> Table:
    """Draw everything `repeat` times; a table of milliseconds."""
    gc.collect()
    gc.freeze()  # the generator's year: a desk has no such objects to walk over
    table = Table("what", "range", "p50 ms", "p95 ms", "most ms", "CPU p50 ms", f"target p95 {TARGET * 1000:.0f}")
    office.use(cast(Any, SimpleNamespace(settings=settings, database=database)))
    try:
        with _clock() as runs:
            for days in _RANGES:
                for what, draw in _draws(database, days):
                    table.add_row(what, days or "30", *_told(_timed(draw, repeat, runs)))
    finally:
        office.use(None)
    return table


def _draws(database: Database, days: str) -> Iterator[tuple[str, Callable[[], object]]]:
    yield "figures, nothing in memory", lambda: (MEMORY.clear(), _figures(database, days, Filters()))
    yield "figures", lambda: _figures(database, days, Filters())
    yield "figures, filtered", lambda: _figures(database, days, Filters(**_NARROW))
    yield "page, something moved", lambda: (_forget(), _page(days))
    yield "page, filter changed", lambda: (_forget(), _page(days, **_NARROW))
    yield "page, nothing moved", lambda: _page(days)
    yield "a number opened", lambda: _page(days, open="volume")


def _figures(database: Database, days: str, filters: Filters) -> None:
    with database.read() as session:
        hours = desk_hours(session)
        window = Window.last(int(days or 30), hours)
        board._read(session, board.Asked(window, window.previous(hours), filters, ""))


def _forget() -> None:
    """As when something moves: what was put together is out of date, while the records of counted days stay."""
    board._load.clear()
    board._offered.clear()


def _page(days: str, **address: str) -> None:
    """The whole page, in a session of its own."""
    page = AppTest.from_file(_PAGE, default_timeout=120)
    page.session_state["stand_in_user"] = _MANAGER
    for name, value in {"days": days, **address}.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception


@contextmanager
def _clock() -> Iterator[list[Run]]:
    """Notes down each run of a screen until the block ends."""
    original: Any = ScriptRunner._run_script
    runs: list[Run] = []

    def timed(self: Any, rerun_data: Any) -> None:
        began, spent = time.perf_counter(), time.thread_time()
        original(self, rerun_data)
        runs.append((time.perf_counter() - began, time.thread_time() - spent))

    with mock.patch.object(ScriptRunner, "_run_script", timed):
        yield runs


def _timed(draw: Callable[[], object], repeat: int, runs: list[Run]) -> Times:
    """The time of each draw: of its runs of a screen, or of the call itself where it draws none."""
    draw()  # imports, and what a process reads once
    times = Times([], [])
    for _ in range(repeat):
        runs.clear()
        began, spent = time.perf_counter(), time.process_time()
        draw()
        itself = time.perf_counter() - began, time.process_time() - spent
        wall, cpu = map(sum, zip(*(runs or [itself]), strict=True))
        times.wall.append(wall)
        times.cpu.append(cpu)
    return times


def _told(times: Times) -> tuple[str, ...]:
    p50, p95 = np.percentile(times.wall, 50), np.percentile(times.wall, 95)
    told = (p50, p95, max(times.wall), np.percentile(times.cpu, 50))
    return *(f"{1000 * seconds:.0f}" for seconds in told), "kept" if p95 <= TARGET else "missed"
