"""The thin port over the durable engine: work is enqueued in our own transaction and survives crashes.

Four kinds of work exist: `triage` (the agents work on a ticket), `deliver` (an approved reply goes out),
`chore` (what the clock asks for) and `import` (articles are taken in). Each is one short, idempotent function; the engine starts it again after a crash. Nothing else imports dbos.
What people wait for begins when the transaction that asks for it commits in this process; other processes' work is looked for.

On SQLite exactly one process works (a lock file). On PostgreSQL each worker has its own name and holds an
advisory lock while it lives; the others take the work of a name over whose lock is free at several looks in a row, so
that a worker whose connection was cut has the time to lock its name again.
"""

import asyncio
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
from triage.bell import Bell
from triage.database import Database, after_commit
from triage.errors import SettingsError
from triage.models import new_id
from triage.settings import Settings

logger = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[str]]
KINDS = ("triage", "deliver", "chore", "import")
RUNG = ("triage", "deliver")  # kinds that people wait for
APP_VERSION = "1"  # raise it only when a handler's arguments change
_LOOK_SECONDS, _LOOKS = 2.0, 3  # how often workers look at locks, and how often in a row a dead one's is free

_TRACE = "traceparent"
_LET_GO = 0.05  # seconds after which the engine has mostly written off what ended
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
        self._bells: dict[str, Bell] = {}
        self._workers: list[threading.Thread] = []
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
        if kind in self._bells and delay <= 0:
            after_commit(session, self._bells[kind].ring)

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

        engine = DBOS(
            config={
                "name": "triage-desk",
                "system_database_url": self._url(),
                "system_database_engine": self.database.guest(),
                "executor_id": executor,
                "application_version": APP_VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
            }
        )
        DBOS.listen_queues([kind for kind in KINDS if kind not in RUNG])
        most = {"triage": self.settings.worker_concurrency, "deliver": 16, "chore": 2, "import": 1}
        self._bells = {kind: Bell() for kind in RUNG}
        for kind in KINDS:
            _register(kind, self._bells.get(kind))
        DBOS.launch()
        for kind in KINDS:
            pause = self.settings.poll_seconds * (1 if kind in RUNG else 2)
            DBOS.register_queue(kind, worker_concurrency=most[kind], polling_interval_sec=pause, on_conflict="always_update")
        self._listen(engine)
        self.working = True
        if not self.database.is_sqlite:
            self._watcher = threading.Thread(target=self._take_over, name="takeover", daemon=True)
            self._watcher.start()

    def _listen(self, engine: Any) -> None:
        """Look for the work of each kind that has a bell: at once, whenever it is rung, and every so often."""
        from dbos import DBOS
        from dbos._queue import queue_worker_thread  # what the engine itself runs for a queue; the bell goes by its stop event

        for kind, bell in self._bells.items():
            bell.ring()  # what a former process left
            queue: Any = DBOS.retrieve_queue(kind)
            queue.database_backed_queue = False  # nobody changes it while it is used: a look need not read it again
            worker = threading.Thread(target=queue_worker_thread, args=(bell, engine, queue), name=f"{kind}-worker", daemon=True)
            worker.start()
            self._workers.append(worker)

    @property
    def closing(self) -> bool:
        """Whether this process is about to end: long work leaves at the next safe place."""
        return self._stop.is_set()

    def close(self, wait_seconds: float = 5.0) -> None:
        """Stop working; what is unfinished goes on at the next launch."""
        self._stop.set()
        if self.working:
            from dbos import DBOS

            for bell in self._bells.values():
                bell.set()
            while self._workers:
                self._workers.pop().join(timeout=wait_seconds)
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


def _register(kind: str, bell: Bell | None) -> None:
    """Have the engine do work of this kind; what ends rings the bell, because more may be waiting for its place."""
    from dbos import DBOS

    async def work(*args: Any) -> str:
        traceparent = ""
        if args and isinstance(args[-1], dict) and _TRACE in args[-1]:
            *args, carried = args  # type: ignore[assignment]
            traceparent = carried[_TRACE]
        try:
            with tracing.continued(traceparent):
                return await _handlers[kind](*args)
        finally:
            if bell:
                asyncio.get_running_loop().call_later(_LET_GO, bell.ring)

    work.__qualname__ = work.__name__ = kind
    DBOS.workflow(name=kind)(work)


def _key(name: str) -> int:
    """The advisory lock of a worker's name; a namespace of our own in the upper half."""
    return (0x7472 << 32) | zlib.crc32(name.encode())


def _quiet() -> None:
    logging.getLogger("dbos").setLevel(logging.WARNING)
