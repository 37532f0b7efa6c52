"""The engine and its two kinds of sessions: `read` and `transaction`."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from pathlib import Path
from threading import Lock, RLock, local
from typing import Any, TypeVar

from sqlalchemy import Engine, Executable, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from triage import jsontext
from triage.database import direct, postgres, rows, sqlite, suspense
from triage.database.pace import Pace
from triage.database.suspense import Suspended
from triage.settings import Settings, make_private

T = TypeVar("T")
_TRIES = 4
_AFTER = "after_commit"  # where a session notes what is to be done then
_COMMON: dict[str, Any] = {
    "json_serializer": jsontext.dumps,
    "json_deserializer": jsontext.loads,
    "hide_parameters": True,  # an error's text goes to logs, and customers' words are among the parameters
}


class _Shared(local):
    """What the reads of a thread share within `Database.snapshot`: the session, how many blocks use it now, whether it is out of date."""

    session: Session | None = None
    users: int = 0
    stale: bool = False

    def renew(self) -> None:
        """Have the next read begin anew: at once, or when those that go on have ended."""
        if self.session is None or self.users:
            self.stale = self.session is not None
            return
        self.session.close()  # it begins again with its next use
        self.stale = False


class _Together:
    """Rows of several writers for one statement; open to more until it is their turn."""

    done: Future[None]

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.writers = 0


class Database:
    """Short sessions only: none is held across a model call or a network wait.

    SQLite takes one writer at a time, and makes the others wait by sleeping ever longer. So writers of one
    process queue here instead, on a lock. An event loop writes by itself when it is its turn: that takes less than
    waking another thread and fighting with it for the interpreter. Otherwise its writers wait on one thread.
    """

    def __init__(self, engine: Engine, reading: Engine | None = None, drawing: Engine | None = None) -> None:
        """`reading` is the engine of what only reads and `drawing` that of screens, when these are others."""
        self.engine, self.reading = engine, reading or engine
        self.drawing = drawing or self.reading
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writers = RLock() if self.is_sqlite else None
        self._turn: AbstractContextManager[Any] = self._writers or nullcontext()
        self._writer = ThreadPoolExecutor(1, "database") if self.is_sqlite else None
        self._guest: Engine | None = None
        self._shared = _Shared()
        self._pace = Pace()
        self._open: dict[Executable, _Together] = {}
        self._opening = Lock()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back when the block raises."""
        self._shared.renew()
        try:
            with self._turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
                yield session
                rows.save(session)
        finally:
            self._shared.renew()
        for do in session.info.get(_AFTER, ()):
            do()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session to read with; what it changes is not kept. On SQLite it takes no write lock."""
        shared = self._shared
        if shared.session is None:
            with Session(self.reading, expire_on_commit=False) as session:
                yield session
            return
        session, whole = shared.session, False
        shared.users += 1
        try:
            yield session
            whole = not (session.new or session.dirty or session.deleted)
        finally:
            shared.users -= 1
            if shared.stale or not whole:  # an error may have broken its transaction off
                shared.renew()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Until the block ends, the reads of this thread share one session, which begins anew after each transaction of the thread.

        For a screen that reads in many places. Nothing in the block may wait for a model, the network or another thread's work,
        or read row by row (`yield_per`): on PostgreSQL there is no transaction around these reads.
        """
        shared = self._shared
        if shared.session is not None:
            yield
            return
        with Session(self.drawing, expire_on_commit=False) as shared.session:
            try:
                yield
            finally:
                shared.session, shared.stale = None, False

    def first(self, statement: Executable, **values: Any) -> tuple[Any, ...] | None:
        """The first row; read without a session, for what is asked all the time. `values` are the statement's parameters."""
        if self.is_sqlite:
            return direct.look(self.drawing, statement, values)  # type: ignore[no-any-return]
        with self.drawing.connect() as connection:
            row = connection.execute(statement, values).first()
            return None if row is None else tuple(row)

    async def write(self, statement: Executable, each: list[dict[str, Any]]) -> None:
        """One statement for many rows, committed when this returns; off the event loop and without a session.

        On SQLite, what others write by the same statement until it is their turn is written with it, in one transaction.
        When that fails, each tries its own.
        """
        if self._writer is None:
            await asyncio.get_running_loop().run_in_executor(None, self._write_now, statement, each)
            return
        with self._turn_if_free() as here:
            if here:
                self._write_now(statement, each)
                return
        together = self._join(self._writer, statement, each)
        try:
            await asyncio.shield(asyncio.wrap_future(together.done))  # one who gives up waiting takes nobody's rows away
        except Exception:  # some values only the driver refuses, by errors of its own
            if together.writers == 1:
                raise
            await asyncio.get_running_loop().run_in_executor(self._writer, self._write_now, statement, each)

    def _join(self, writer: ThreadPoolExecutor, statement: Executable, each: list[dict[str, Any]]) -> "_Together":
        with self._opening:
            if (together := self._open.get(statement)) is None:
                together = _Together()
                together.done = writer.submit(self._write_together, statement, together)  # it waits for this lock
                self._open[statement] = together
            together.rows += each
            together.writers += 1
            return together

    def _write_together(self, statement: Executable, together: "_Together") -> None:
        with self._turn:
            with self._opening:
                del self._open[statement]
            self._write_now(statement, together.rows)

    def _write_now(self, statement: Executable, each: list[dict[str, Any]]) -> None:
        if self.is_sqlite:
            with self._turn:
                direct.commit(self.engine, statement, each)
            return
        with self.engine.begin() as connection:
            connection.execute(statement, each)

    async def run(self, work: Callable[[Session], T]) -> T:
        """Run `work(session)`, which must be short, in one transaction; the event loop never waits for other writers or the network."""
        with self._turn_if_free() as here:
            if here:
                return self.run_now(work)
        context = copy_context()  # spans and the clock of tests live there
        return await asyncio.get_running_loop().run_in_executor(self._writer, context.run, self.run_now, work)

    async def look(self, look: Callable[[], T]) -> T:
        """Do `look()`, which reads a little; the event loop never waits for the network."""
        return look() if self.is_sqlite else await asyncio.to_thread(look)

    async def compute(self, kind: str, work: Callable[[], T]) -> T:
        """Do `work()`, which computes and reads and may be begun again; the event loop does it itself while work of this `kind` is short.

        It never waits for the network, nor for what suspends the work (triage/database/suspense.py).
        """
        if not self.is_sqlite:
            return await asyncio.to_thread(work)
        if self._pace.short(kind):
            for _ in range(suspense.MOST):
                try:
                    return self._begin(kind, work)
                except Suspended as lacking:
                    await asyncio.to_thread(lacking.make)
        return await asyncio.to_thread(self._whole, kind, work)

    def _whole(self, kind: str, work: Callable[[], T]) -> T:
        """Do it on this thread, with all that it lacks, which is not part of its time."""
        for _ in range(suspense.MOST):
            try:
                return self._begin(kind, work)
            except Suspended as lacking:
                lacking.make()
        return work()

    def _begin(self, kind: str, work: Callable[[], T]) -> T:
        return self._pace.timed(kind, lambda: suspense.begin(work))

    @contextmanager
    def _turn_if_free(self) -> Iterator[bool]:
        """Whether it is this thread's turn to write until the block ends: on SQLite, when nobody else writes.

        An event loop that waits keeps every other run waiting too.
        """
        if self._writers is None or not self._writers.acquire(blocking=False):
            yield False
            return
        try:
            yield True
        finally:
            self._writers.release()

    def run_now(self, work: Callable[[Session], T]) -> T:
        """Run `work(session)` in one transaction, here."""
        with self.transaction() as session:
            return work(session)

    def patiently(self, work: Callable[[Session], T]) -> T:
        """As `run_now`, tried again when the database broke it off to let another one through (a deadlock); nothing was kept then."""
        for _ in range(_TRIES - 1):
            try:
                return self.run_now(work)
            except OperationalError as error:
                if "deadlock" not in str(error.orig):
                    raise
        return self.run_now(work)

    def guest(self) -> Engine | None:
        """SQLite: an engine for a library that writes to the same file, its connections queueing with our writers.

        None for other databases, where the library may open its own.
        """
        if self._guest is None and self.is_sqlite:
            self._guest = sqlite.guest_engine(self.engine.url, self._turn, **_COMMON)
        return self._guest

    def close(self) -> None:
        """Let running work end and close all connections; the next use opens new ones."""
        if self._writer:
            self._writer.shutdown()
            self._writer = ThreadPoolExecutor(1, "database")
        for engine in (self.engine, self.reading, self.drawing, self._guest):
            if engine is not None:
                engine.dispose()


def after_commit(session: Session, do: Callable[[], None]) -> None:
    """Do `do()`, once and quickly, when the session's `Database.transaction` has committed; never when it rolls back."""
    session.info.setdefault(_AFTER, {})[do] = None


def open_database(settings: Settings) -> Database:
    """Open the database of the settings; the folder of a SQLite file is made."""
    url = settings.database
    if url.startswith("sqlite"):
        file = Path(url.removeprefix("sqlite:///"))
        make_private(file.parent)
        if not file.exists():
            file.touch(mode=0o600)  # customers' mail stands in it; SQLite gives its side files the same rights
        return Database(*sqlite.engines(url, **_COMMON))
    writing, drawing = postgres.engines(url, **_COMMON)
    return Database(writing, drawing=drawing)


def check(database: Database) -> str | None:
    """None when the database answers, else what is wrong in one line."""
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except Exception as error:  # whatever the driver says is the answer
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return None
