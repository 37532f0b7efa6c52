"""The thin port over the durable engine: work is enqueued in our own transaction and survives crashes.

Four kinds of work exist: `triage` (the agents work on a ticket), `deliver` (an approved reply goes out),
`chore` (what the clock asks for) and `import` (articles are taken in). Each is one short, idempotent function; the engine starts it again after a crash. Nothing else imports dbos.

On SQLite exactly one process works (a lock file). On PostgreSQL each worker has its own name and holds an
advisory lock while it lives; the others take the work of a name over whose lock is free at several looks in a row, so
that a worker whose connection was cut has the time to lock its name again.
"""

import fcntl
import logging
import os
import threading
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import IO, Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from triage import tracing
from triage.database import Database
from triage.errors import SettingsError
from triage.models import new_id
from triage.settings import Settings

logger = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[str]]
KINDS = ("triage", "deliver", "chore", "import")
APP_VERSION = "1"  # raise it only when a handler's arguments change
_LOOK_SECONDS, _LOOKS = 2.0, 3  # how often workers look at locks, and how often in a row a dead one's is free

_TRACE = "traceparent"
_handlers: dict[str, Handler] = {}


class Durable:
    """Enqueues work for any process; `launch` makes this process do it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self._client: Any = None
        self._lock: IO[str] | None = None
        self._name = ""
        self._advisory: Connection | None = None
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None
        self.working = False

    # ---- enqueueing -------------------------------------------------------------------------------------

    def enqueue(self, session: Session, kind: str, key: str, *args: object, delay: float = 0.0) -> None:
        """Enqueue `kind(*args)` under the unique `key`, committed with the caller's transaction.

        The same key twice is one piece of work. `delay` in seconds; `args` are JSON values.
        """
        options: dict[str, Any] = {
            "workflow_name": kind,
            "queue_name": kind,
            "workflow_id": f"{kind}-{key}",
            "app_version": APP_VERSION,
        }
        if delay > 0:
            options["delay_seconds"] = delay
        if traceparent := tracing.current():  # the work belongs to the trace that asks for it, whichever process does it
            args = (*args, {_TRACE: traceparent})
        self._open_client().enqueue_in_transaction(session.connection(), options, *args)

    def _open_client(self) -> Any:
        if self._client is None:
            from dbos import DBOSClient, DBOSPortableJSONSerializer

            self._client = DBOSClient(
                system_database_url=self._url(), system_database_engine=self.database.guest(), serializer=DBOSPortableJSONSerializer()
            )  # fmt: skip
        return self._client

    # ---- working ----------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Create or upgrade the engine's own tables."""
        from dbos import run_dbos_database_migrations

        _quiet()
        run_dbos_database_migrations(self._url())

    def launch(self, handlers: Mapping[str, Handler]) -> None:
        """Start working in this process, on a loop of its own; unfinished work of a former process goes on.

        Raises SettingsError when another process already works on this SQLite database.
        """
        _quiet()
        executor = self._claim()
        _handlers.update(handlers)
        from dbos import DBOS, DBOSPortableJSONSerializer

        DBOS(
            config={
                "name": "triage-desk",
                "system_database_url": self._url(),
                "system_database_engine": self.database.guest(),
                "executor_id": executor,
                "application_version": APP_VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "notification_listener_polling_interval_sec": 0.05,
                "log_level": "WARNING",
            }
        )
        for kind in KINDS:
            _register(kind)
        DBOS.launch()
        poll = self.settings.poll_seconds
        # each look costs 2 ms: only the agents' work is looked for so often
        for kind, concurrency, pause in (
            ("triage", self.settings.worker_concurrency, poll),
            ("deliver", 16, 5 * poll),
            ("chore", 2, 10 * poll),
            ("import", 1, 10 * poll),
        ):
            DBOS.register_queue(kind, worker_concurrency=concurrency, polling_interval_sec=pause, on_conflict="always_update")
        self.working = True
        if not self.database.is_sqlite:
            self._watcher = threading.Thread(target=self._take_over, name="takeover", daemon=True)
            self._watcher.start()

    @property
    def closing(self) -> bool:
        """Whether this process is about to end: long work leaves at the next safe place."""
        return self._stop.is_set()

    def close(self, wait_seconds: float = 5.0) -> None:
        """Stop working; what is unfinished goes on at the next launch."""
        self._stop.set()
        if self.working:
            from dbos import DBOS

            DBOS.destroy(workflow_completion_timeout_sec=int(wait_seconds))
            self.working = False
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._watcher:
            self._watcher.join(timeout=_LOOK_SECONDS + 1)
        if self._advisory is not None:
            self._advisory.close()
        if self._lock is not None:
            self._lock.close()

    # ---- who works --------------------------------------------------------------------------------------

    def _claim(self) -> str:
        if not self.database.is_sqlite:
            self._name = new_id()
            self._hold()
            return self._name
        self._lock = (self.settings.folder("") / "worker.lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            self._lock = None
            raise SettingsError(
                f"Another process already works on {self.settings.home}. Stop it first, or use PostgreSQL "
                "(TRIAGE_DATABASE_URL), which takes as many workers as you like."
            ) from error
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        return "local"

    def _hold(self) -> None:
        """Lock this worker's name, unless it is locked by a connection that still stands."""
        if self._advisory is not None:
            try:
                self._advisory.execute(text("SELECT 1"))
                return
            except DBAPIError:  # the server was restarted, or the network was away
                logger.warning("the connection that says this worker lives was cut; making a new one")
                self._advisory.invalidate()
                self._advisory.close()
                self._advisory = None
        connection = self._plain()
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _key(self._name)})
        self._advisory = connection  # only now: one that stands without the lock would be taken for locked at the next look

    def _take_over(self) -> None:
        """Adopt the unfinished work of workers that are gone, for as long as this one works."""
        free: Counter[str] = Counter()
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                self._hold()
                free = self._look(free)
            except Exception:  # the database was away, say: who dies next must not be left alone for that
                if not self.closing:
                    logger.exception("unfinished work of dead workers was not looked for; looking again in %g s", _LOOK_SECONDS)

    def _look(self, before: Counter[str]) -> Counter[str]:
        """How often in a row each worker with unfinished work had its lock free; adopts the work of those that are gone."""
        from dbos import DBOS

        free: Counter[str] = Counter()
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        for name in {row.executor_id for row in pending if row.executor_id} - {self._name}:
            with self._plain() as connection:
                if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _key(name)}).scalar():
                    try:
                        free[name] = before[name] + 1
                        if free[name] >= _LOOKS:
                            logger.warning("worker %s is gone; taking its work over", name)
                            DBOS._recover_pending_workflows([name])
                    finally:
                        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _key(name)})
        return free

    def _plain(self) -> Connection:
        """A connection whose session lasts as long as it does: locks are not bound to a transaction."""
        return self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def _url(self) -> str:
        return self.settings.database


def _register(kind: str) -> None:
    from dbos import DBOS

    async def work(*args: Any) -> str:
        traceparent = ""
        if args and isinstance(args[-1], dict) and _TRACE in args[-1]:
            *args, carried = args  # type: ignore[assignment]
            traceparent = carried[_TRACE]
        with tracing.continued(traceparent):
            return await _handlers[kind](*args)

    work.__qualname__ = work.__name__ = kind
    DBOS.workflow(name=kind)(work)


def _key(name: str) -> int:
    """The advisory lock of a worker's name; a namespace of our own in the upper half."""
    return (0x7472 << 32) | zlib.crc32(name.encode())


def _quiet() -> None:
    logging.getLogger("dbos").setLevel(logging.WARNING)
