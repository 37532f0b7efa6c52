"""The review desk with very many tickets and many people: `python -m benchmarks.review_desk`, or `make bench-desk`.

The tickets are made once into a folder and used again by later runs; decisions of former runs stay decided. Everything is
the real desk with its worker: its process with a clock around each run of a screen, a real Chromium pressing keys, and
reviewers as clients of its protocol.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.review_desk import acting, making, pages, reviewers
from benchmarks.review_desk.serving import Timed, database_of, serving
from triage.database import Database, open_database
from triage.settings import load_settings

P50, P95 = 150, 400  # milliseconds on the server that no action may exceed
PARTS = ("actions", "people", "memory")
TICKETS = {"sqlite": (100_000, 5_000), "postgresql": (1_000_000, 20_000)}


def main(arguments: list[str] | None = None) -> None:
    """Make what is not there, measure, and print the figures."""
    options = _options(arguments)
    say = Console(stderr=True).print
    table = Table(
        "database",
        "action",
        "server p50",
        "p95",
        "of it processor",
        "in want of one",
        "painted p50",
        "p95",
        "target: server 150 / 400 ms",
    )
    people = Table("database", "reviewers", "decisions", "lost", "double", "refused", "p50 ms", "p95 ms")
    memory = Table("database", *(f"MiB with {count} pages open" for count in pages.STEPS), "MiB a page")
    for kind in options.databases:
        tickets, waiting = TICKETS[kind]
        if options.tickets:
            tickets, waiting = options.tickets, max(100, options.tickets // 20)
        with database_of(options.folder, kind, tickets, waiting, say) as (home, url), serving(home, url) as desk:
            say(f"{kind}: {tickets:,} tickets, {waiting:,} of them open when they were made")
            say(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
            if "actions" in options.parts:
                _actions(kind, desk, options.repeat, table)
            if "people" in options.parts:
                _people(kind, desk, home, url, options.people, options.seconds, people)
            if "memory" in options.parts:
                _memory(kind, desk, home, url, memory)
    for shown in (table, people, memory):
        if shown.row_count:
            Console(width=140).print(shown)


def _actions(kind: str, desk: Timed, repeat: int, table: Table) -> None:
    with acting.browser() as chromium:
        found = acting.Person(chromium, desk).measure(repeat)
    for name, times in found.items():
        server50, server95 = _p(times.server, 50), _p(times.server, 95)
        kept = "kept" if server50 <= P50 and server95 <= P95 else "missed"
        shown = (server50, server95, _p(times.processor, 50), _p(times.queued, 50), _p(times.painted, 50), _p(times.painted, 95))
        table.add_row(kind, name, *(f"{value:.0f}" for value in shown), kept)


def _people(kind: str, desk: Timed, home: Path, url: str, count: int, seconds: float, table: Table) -> None:
    database, cookies = _signed_in(home, url, count)
    since = reviewers.newest_decision(database)
    told = asyncio.run(reviewers.review(desk, cookies, seconds))
    books = reviewers.books(database, since)
    database.close()
    for error in told.errors[:5]:
        Console(stderr=True).print(f"error: {error}")
    for said, times in told.said.most_common(3):
        Console(stderr=True).print(f"the desk said {times} times: {said}")
    lost = max(0, len(told.seconds) - books.decisions) + books.without
    table.add_row(
        kind, str(count), f"{books.decisions:,}", str(lost), str(books.double), str(told.refused),
        *(f"{1000 * _p(told.seconds, share):.0f}" for share in (50, 95)),
    )  # fmt: skip


def _memory(kind: str, desk: Timed, home: Path, url: str, table: Table) -> None:
    database, cookies = _signed_in(home, url, making.PEOPLE)
    database.close()
    found = asyncio.run(pages.held(desk, cookies))
    table.add_row(kind, *(f"{held:.0f}" for _, held in found), f"{pages.slope(found):.2f}")


def _signed_in(home: Path, url: str, count: int) -> tuple[Database, list[str]]:
    settings = load_settings(home=home, **({"database_url": url} if url else {}))
    database = open_database(settings)
    return database, reviewers.sign_in(database, settings, count)


def _p(values: list[float], share: int) -> float:
    return float(np.percentile(values, share)) if len(values) > 1 else statistics.fmean(values or [0.0])


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.review_desk", description="The review desk under load.")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "triage-review-desk", help="where desks stay"
    )
    parser.add_argument("--databases", nargs="+", choices=list(TICKETS), default=list(TICKETS))
    parser.add_argument("--tickets", type=int, default=0, help="so many instead of 100,000 and 1,000,000")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--repeat", type=int, default=40, help="how often each action is done (default 40)")
    parser.add_argument("--people", type=int, default=25, help="reviewers at once (default 25)")
    parser.add_argument("--seconds", type=float, default=180.0, help="how long they decide (default 180)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
