"""A generated year held against its own truth, and the metrics screen timed on it: `python -m benchmarks.year`.

Writes 200,000 tickets into a new SQLite database (or the PostgreSQL of `--url`), counts its days, compares every figure
with what the generator knows, and measures how long the screen's figures take, and its page, for each of its ranges.
`--folder F --again` takes the year that an earlier run left in a folder; days of it whose definitions changed are counted anew.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.year import rows, story, using
from benchmarks.year.checking import Checked, check
from benchmarks.year.truth import Truth
from triage.database import Database, migrate, open_database
from triage.learning.metrics import rollups
from triage.models import clock_at, now
from triage.settings import load_settings


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
        tickets, until, seed = _told(settings.home / "year.json", options)
        year, seconds = _timed(lambda: story.tell(tickets, until, seed))
        say(f"{tickets:,} tickets, {len(year.episodes):,} matters drawn in {seconds:.0f} s")
        if not options.again:
            say(f"written in {_timed(lambda: rows.write(database, year))[1]:.0f} s")
        truth, seconds = _timed(lambda: Truth(year, until))
        say(f"the truth counted in {seconds:.0f} s")
        told, seconds = _timed(lambda: rollups.refresh(database))
        say(f"{told} in {seconds:.0f} s")
        with clock_at(until):  # at any other moment more weeks and targets have passed
            wrong = _figures(database, truth)
        Console(width=120).print(using.use(settings, database, options.repeat))
    finally:
        database.close()
    return 1 if wrong else 0


def _told(file: Path, options: argparse.Namespace) -> tuple[int, datetime, int]:
    """How many tickets, until when and from which seed: of the year in the folder, or of the one that is to be there."""
    if not options.again:
        told = {"tickets": options.tickets, "until": now().replace(microsecond=0).isoformat(), "seed": options.seed}
        file.write_text(json.dumps(told), encoding="utf-8")
    told = json.loads(file.read_text(encoding="utf-8"))
    return told["tickets"], datetime.fromisoformat(told["until"]), told["seed"]


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


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year", description="A year with known answers.")
    parser.add_argument("--tickets", type=int, default=200_000, help="how many (default 200,000)")
    parser.add_argument("--seed", type=int, default=2026, help="of the generator (default 2026)")
    parser.add_argument("--folder", type=Path, default=None, help="home folder of the desk (default: a new one)")
    parser.add_argument("--again", action="store_true", help="take the year that is in the folder")
    parser.add_argument("--url", default="", help="a PostgreSQL database, empty and for this alone (default: SQLite)")
    parser.add_argument("--repeat", type=int, default=20, help="how often each is drawn (default 20)")
    options = parser.parse_args(arguments)
    if options.again and options.folder is None:
        parser.error("--again needs the --folder in which the year is.")
    options.folder = options.folder or Path(tempfile.mkdtemp(prefix="triage-year-"))
    return options


if __name__ == "__main__":
    raise SystemExit(main())
