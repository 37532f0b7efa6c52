"""A database to look into: what is changed through it is refused, and not kept."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Executable
from sqlmodel import Session

from triage.database.engine import Database
from triage.errors import ConflictError

T = TypeVar("T")


class Sealed(Database):
    """The same database without its writes; `refusal` is what who tries one is told."""

    def __init__(self, database: Database, refusal: str) -> None:
        super().__init__(database.engine, database.reading)
        self.refusal = refusal

    def run_now(self, work: Callable[[Session], T]) -> T:
        """Run `work(session)` where nothing is kept; raises ConflictError when it wrote something."""
        with self.read() as session:
            session.autoflush = False
            value = work(session)
            if session.new or session.dirty or session.deleted:
                raise ConflictError(self.refusal)
            return value

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Refused with ConflictError."""
        raise ConflictError(self.refusal)
        yield

    async def write(self, statement: Executable, rows: list[dict[str, Any]]) -> None:
        """Refused with ConflictError."""
        raise ConflictError(self.refusal)

    async def run(self, work: Callable[[Session], T]) -> T:
        """`run_now` off the event loop."""
        return await asyncio.to_thread(self.run_now, work)
