"""A generated year held against its own truth, and the metrics screen timed on it: `python -m benchmarks.year`.

Writes 200,000 tickets into a new SQLite database (or the PostgreSQL of `--url`), counts its days, compares every figure
with what the generator knows, and measures how long the screen's figures take, and its page, for each of its ranges.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlmodel import Session

from benchmarks.year import rows, story
from benchmarks.year.checking import Checked, check
from benchmarks.year.truth import Truth
from triage.database import Database, migrate, open_database
from triage.learning.metrics import rollups
from triage.models import clock_at, now
from triage.settings import load_settings

TARGET = 0.7  # seconds that 95 of 100 openings of the screen must not exceed, on SQLite with 200,000 tickets
_RANGES = ("7", "", "90", "365")


def main(arguments: list[str] | None = None) -> int:
    """Make, check and measure; 1 when a figure is wrong."""
    options = _options(arguments)
    say, settings = (
        Console(stderr=True).print,
        load_settings(home=options.folder, **({"database_url": options.url} if options.url else {})),
    )
    database = open_database(settings)
    migrate(database)
    try:
        until = now().replace(microsecond=0)
        year, seconds = _timed(lambda: story.tell(options.tickets, until, options.seed))
        say(f"{options.tickets:,} tickets, {len(year.episodes):,} matters drawn in {seconds:.0f} s")
        say(f"written in {_timed(lambda: rows.write(database, year))[1]:.0f} s")
        truth, seconds = _timed(lambda: Truth(year, until))
        say(f"the truth counted in {seconds:.0f} s")
        told, seconds = _timed(lambda: rollups.refresh(database))
        say(f"{told} in {seconds:.0f} s")
        with clock_at(until):  # at any other moment more weeks and targets have passed
            wrong = _figures(database, truth)
        _speed(settings, database, options.repeat)
    finally:
        database.close()
    return 1 if wrong else 0


def _figures(database: Database, truth: Truth) -> int:
    table = Table("metric", "value", "counted", "out of", "compared", "wrong")
    with database.read() as session:
        found = list(check(session, truth))
    for row in found:
        table.add_row(*_line(row))
    Console(width=120).print(table)
    for row in found:
        for words in row.wrong[:3]:
            Console(stderr=True).print(f"{row.metric.name}, {words}")
    wrong = sum(len(row.wrong) for row in found)
    Console(width=120).print(f"{sum(row.compared for row in found):,} figures of {len(found)} metrics compared, {wrong} wrong")
    return wrong


def _line(row: Checked) -> tuple[str, ...]:
    figure = row.figure
    value = "–" if figure.value is None else f"{figure.value:.6g}"
    return row.metric.name, value, f"{figure.numerator:,}", f"{figure.denominator:,}", str(row.compared), str(len(row.wrong))


def _speed(settings: Any, database: Database, repeat: int) -> None:
    """The screen's figures, without its cache, and its whole page, from its session's first run."""
    from streamlit.testing.v1 import AppTest

    import pages
    from pages.parts import board
    from triage import office
    from triage.learning.metrics import Filters, Window

    table = Table("what", "range", "p50 ms", "p95 ms", "most ms", f"target p95 {TARGET * 1000:.0f}")
    office.use(cast(Any, SimpleNamespace(settings=settings, database=database)))
    try:
        for days in _RANGES:
            for what, filters in (("figures", Filters()), ("figures, filtered", Filters(category="orders", language="de"))):
                times = [_timed(lambda d=days, f=filters: _figures_of(database, board, Window, d, f))[1] for _ in range(repeat)]
                table.add_row(what, days or "30", *_told(times))
        for days in _RANGES:
            times = []
            for _ in range(repeat):
                board._load.clear()
                page = AppTest.from_file(str(Path(pages.__file__).with_name("metrics.py")), default_timeout=120)
                page.session_state["stand_in_user"] = 2
                page.query_params["days"] = days
                times.append(_timed(page.run)[1])
                assert not page.exception
            table.add_row("page, drawn anew", days or "30", *_told(times))
    finally:
        office.use(None)
    Console(width=120).print(table)


def _figures_of(database: Database, board: Any, window_type: Any, days: str, filters: Any) -> None:
    from triage.sla.plan import desk_hours

    def read(session: Session) -> None:
        hours = desk_hours(session)
        window = window_type.last(int(days or 30), hours)
        board._read(session, board.Asked(window, window.previous(hours), filters, ""))

    with database.read() as session:
        read(session)


def _told(times: list[float]) -> tuple[str, ...]:
    p50, p95 = np.percentile(times, 50), np.percentile(times, 95)
    return f"{1000 * p50:.0f}", f"{1000 * p95:.0f}", f"{1000 * max(times):.0f}", "kept" if p95 <= TARGET else "missed"


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year", description="A year with known answers.")
    parser.add_argument("--tickets", type=int, default=200_000, help="how many (default 200,000)")
    parser.add_argument("--seed", type=int, default=2026, help="of the generator (default 2026)")
    parser.add_argument("--folder", type=Path, default=None, help="home folder of the desk (default: a new one)")
    parser.add_argument("--url", default="", help="a PostgreSQL database, empty and for this alone (default: SQLite)")
    parser.add_argument("--repeat", type=int, default=20, help="how often the screen is opened (default 20)")
    options = parser.parse_args(arguments)
    options.folder = options.folder or Path(tempfile.mkdtemp(prefix="triage-year-"))
    return options


if __name__ == "__main__":
    raise SystemExit(main())
