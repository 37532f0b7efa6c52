"""What is being made of what searches use, and how far it is: kept in SQL, so that every process and screen sees it."""

import time
from datetime import datetime, timedelta
from types import TracebackType

from sqlmodel import Session, col, select

from triage.database import Database
from triage.models import IndexBuild, now

_WRITE_EVERY = 1.0  # seconds
_SILENT = timedelta(seconds=60)  # a build that said nothing for so long was interrupted


class Build:
    """A work with progress, as a context: `at` tells how far it is, the end or the error is written down."""

    def __init__(self, database: Database, kind: str, embedder: str, total: int) -> None:
        self._database, self._next = database, time.monotonic() + _WRITE_EVERY
        self._row = IndexBuild(kind=kind, embedder=embedder, total=total)

    def __enter__(self) -> "Build":
        self._write()
        return self

    def at(self, done: int) -> None:
        """`done` of the total are made; written down once a second."""
        self._row.done, self._row.total = done, max(done, self._row.total)
        if time.monotonic() >= self._next:
            self._write()
            self._next = time.monotonic() + _WRITE_EVERY

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._row.ended_at = now()
        self._row.problem = f"{error}".strip()[:500] if error else ""
        self._write()

    def _write(self) -> None:
        self._row.changed_at = now()
        with self._database.transaction() as session:
            self._row = session.merge(self._row)


def running(session: Session) -> list[IndexBuild]:
    """Builds at work now, oldest first."""
    alive = select(IndexBuild).where(col(IndexBuild.ended_at).is_(None), IndexBuild.changed_at > now() - _SILENT)
    return list(session.exec(alive.order_by(col(IndexBuild.id))))


def busy(session: Session, kind: str) -> bool:
    """Whether a build of this kind is at work."""
    return any(build.kind == kind for build in running(session))


def latest(session: Session, kind: str) -> IndexBuild | None:
    """The newest build of a kind, at work, ended or interrupted."""
    return session.exec(select(IndexBuild).where(IndexBuild.kind == kind).order_by(col(IndexBuild.id).desc())).first()


def in_words(build: IndexBuild, moment: datetime | None = None) -> str:
    """Such as: passages embedded by minilm-l6-v2@53aa5117: 1,200 of 4,000 since 09:30 UTC."""
    what = f"passages embedded by {build.embedder}" if build.kind == "vectors" else f"search index of {build.embedder}"
    far = f"{what}: {build.done:,} of {build.total:,}"
    if build.problem:
        return f"{far}, stopped: {build.problem}"
    if build.ended_at:
        return f"{far}, done {build.ended_at:%Y-%m-%d %H:%M} UTC in {(build.ended_at - build.started_at).total_seconds():.0f} s"
    interrupted = build.changed_at < (moment or now()) - _SILENT
    return f"{far} since {build.started_at:%H:%M} UTC" + (", interrupted; it is taken up again" if interrupted else "")
