"""Durable work: enqueued with our transaction, done once, taken up again after a crash or by another worker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from triage.database import Database
from triage.durable import Durable
from triage.errors import SettingsError
from triage.models import WorkspaceSetting
from triage.settings import Settings

CHILD = """
import asyncio, sys, time
from triage import durable
from triage.database import open_database
from triage.models import WorkspaceSetting
from triage.settings import load_settings

durable._LOOK_SECONDS = 0.2  # a test is not patient
settings = load_settings(home=sys.argv[1], database_url=sys.argv[2], poll_seconds=0.02)
database = open_database(settings)

async def work(name, seconds):
    print("began", name, flush=True)
    await asyncio.sleep(seconds)
    with database.transaction() as session:
        row = session.get(WorkspaceSetting, name) or WorkspaceSetting(key=name, value={"times": 0})
        row.value = {"times": row.value["times"] + 1}
        session.add(row)
    return "done"

worker = durable.Durable(database, settings)
worker.launch({"triage": work, "deliver": work, "chore": work})
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def durable(database: Database, settings: Settings) -> Iterator[Durable]:
    durable = Durable(database, settings)
    durable.prepare()
    yield durable
    durable.close(wait_seconds=1)


@pytest.fixture
def worker(settings: Settings) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(settings.home), settings.database_url],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        started.append(child)
        assert child.stdout and child.stdout.readline()
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


def _enqueue(durable: Durable, name: str, seconds: float, *, fail: bool = False) -> None:
    with durable.database.transaction() as session:
        durable.enqueue(session, "triage", name, name, seconds)
        if fail:
            raise RuntimeError("the caller's transaction fails")


def _times(database: Database, name: str) -> int:
    with database.read() as session:
        row = session.exec(select(WorkspaceSetting).where(WorkspaceSetting.key == name)).first()
        return int(str(row.value["times"])) if row else 0


_HOLDERS = """
SELECT DISTINCT pid FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


def _holders(database: Database) -> set[int]:
    """The server's processes that hold an advisory lock: a worker each, and whoever looks at this moment."""
    with database.read() as session:
        return set(session.scalars(text(_HOLDERS)))


def _until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_work_is_done_once_although_asked_for_twice(durable: Durable, worker: Callable[[], object]) -> None:
    for _ in range(2):
        _enqueue(durable, "one", 0.0)
    worker()
    _until(lambda: _times(durable.database, "one") == 1)
    time.sleep(0.3)
    assert _times(durable.database, "one") == 1


def test_work_of_a_transaction_that_fails_is_not_done(durable: Durable, worker: Callable[[], object]) -> None:
    with pytest.raises(RuntimeError):
        _enqueue(durable, "never", 0.0, fail=True)
    _enqueue(durable, "after", 0.0)
    worker()
    _until(lambda: _times(durable.database, "after") == 1)
    assert _times(durable.database, "never") == 0


def test_work_cut_off_by_a_kill_goes_on_at_the_next_start_or_in_another_worker(
    durable: Durable, settings: Settings, worker: Callable[[], subprocess.Popen[str]]
) -> None:
    first = worker()
    for number in range(6):
        _enqueue(durable, f"cut-{number}", 1.0)
    assert first.stdout and any(line.startswith("began") for line in first.stdout)
    if settings.database_url:
        worker()  # with PostgreSQL another worker is there already and takes over
    first.send_signal(signal.SIGKILL)
    first.wait()
    if not settings.database_url:
        worker()  # with SQLite one process works at a time, so the next one goes on
    _until(lambda: all(_times(durable.database, f"cut-{number}") >= 1 for number in range(6)))
    assert all(_times(durable.database, f"cut-{number}") == 1 for number in range(6))


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_worker_that_could_not_look_for_dead_ones_looks_again(
    durable: Durable, worker: Callable[[], subprocess.Popen[str]]
) -> None:
    def rename(old: str, new: str) -> None:
        with durable.database.transaction() as session:
            session.execute(text(f"ALTER TABLE dbos.{old} RENAME TO {new}"))

    first = worker()
    _enqueue(durable, "alone", 1.0)
    assert first.stdout and first.stdout.readline().startswith("began")
    second = worker()
    rename("workflow_status", "away")
    time.sleep(1)  # several looks into nothing
    rename("away", "workflow_status")
    first.kill()
    first.wait()
    _until(lambda: _times(durable.database, "alone") == 1)
    assert second.poll() is None


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_a_live_worker_whose_connection_is_cut_keeps_its_work(
    durable: Durable, worker: Callable[[], subprocess.Popen[str]]
) -> None:
    worker(), worker()
    _enqueue(durable, "kept", 3.0)
    _until(lambda: len(_holders(durable.database)) >= 2)
    with durable.database.transaction() as session:
        cut = set(session.scalars(text(f"SELECT pid FROM ({_HOLDERS}) AS holders WHERE pg_terminate_backend(pid)")))
    _until(lambda: len(_holders(durable.database) - cut) >= 2)  # both have locked their names again
    _until(lambda: _times(durable.database, "kept") == 1)
    time.sleep(1)
    assert _times(durable.database, "kept") == 1


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_second_worker_on_one_sqlite_file_is_told_what_to_do(
    durable: Durable, settings: Settings, worker: Callable[[], object], home: Path
) -> None:
    worker()
    with pytest.raises(SettingsError, match="PostgreSQL"):
        durable.launch({})


def test_work_can_wait(durable: Durable, worker: Callable[[], object]) -> None:
    worker()

    def enqueue(session: Session) -> None:
        durable.enqueue(session, "deliver", "later", "later", 0.0, delay=1.0)

    durable.database.run_now(enqueue)
    time.sleep(0.4)
    assert _times(durable.database, "later") == 0
    _until(lambda: _times(durable.database, "later") == 1)


INSIDE = """
import sys, time
from triage.database import open_database
from triage.durable import Durable
from triage.settings import load_settings

home, url, places, busy = sys.argv[1:]
settings = load_settings(home=home, database_url=url, poll_seconds=60, worker_concurrency=int(places))
database = open_database(settings)
durable = Durable(database, settings)

async def work(name, seconds):
    import asyncio
    time.sleep(float(busy))  # as computing would keep the loop
    await asyncio.sleep(seconds)
    print("did", name, flush=True)
    return "done"

durable.launch({"triage": work, "deliver": work})

def ask(session):
    for number in range(30):
        durable.enqueue(session, "triage", f"t{number}", f"t{number}", 0.01)
    durable.enqueue(session, "deliver", "d", "d", 0.01)

database.run_now(ask)
time.sleep(600)
"""


@pytest.mark.parametrize(("places", "busy"), [(2, 0.0), (8, 0.1)])
def test_work_of_the_workers_own_process_begins_at_once_and_so_does_what_waits_for_a_place(
    durable: Durable, settings: Settings, places: int, busy: float
) -> None:
    """It looks by itself once a minute only, and does a few things at a time, each of which may keep the event loop busy."""
    _enqueue(durable, "left", 0.01)  # by another process, before the start
    command = [sys.executable, "-c", INSIDE, str(settings.home), settings.database_url, str(places), str(busy)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            began = time.monotonic()
            did = sorted(child.stdout.readline().strip() for _ in range(32))
            assert did == sorted(["did d", "did left", *(f"did t{number}" for number in range(30))])
            assert time.monotonic() - began < 40
        finally:
            child.kill()
