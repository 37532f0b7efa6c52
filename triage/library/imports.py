"""Imports of articles as work in the background: handed in, done by a worker, their report kept.

`start` keeps what was handed in, before anything is read; a worker takes it up, also after a crash, and writes each
item's line with its article. `runs`, `lines` and `as_csv` read.
"""

import asyncio
import csv
import io
import logging
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlsplit

from sqlalchemy import case, func, update
from sqlmodel import Session, col, select

from knowledge_base import fetching, import_places, reading
from knowledge_base.import_plan import Options
from knowledge_base.import_report import Line
from knowledge_base.importing import Importer
from knowledge_base.reading import File, Item
from knowledge_base.source import Source
from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.guardrails.injection import FLAG, look, score
from triage.library import review
from triage.library.files import keeper
from triage.models import ImportLine, ImportRun, User, new_id, now
from triage.office import Desk
from triage.settings import make_private

logger = logging.getLogger(__name__)

AT_WORK = ("waiting", "running")
MOST_ADDRESSES = 2_000
_SIGN = 5.0  # seconds between signs of life of an import at the command line
CUT_OFF = timedelta(seconds=45)  # without a sign: its process is gone
# The order of a report: first what somebody has to do something about.
ORDER = ("refused", "held", "missing", "removed", "double", "taken", "changed", "same")
Tell = Callable[[int, int], None]
Waiting = tuple[str, File | InputError]


@dataclass(frozen=True)
class ImportOptions:
    """How to import. `scope` names the source, so that the next import of it tells what is gone; "" for a zip is its name.

    `audience` and `category` are for articles that do not say their own; "" leaves them as they are.
    """

    publish: bool = False
    audience: str = ""
    category: str = ""
    scope: str = ""
    prune: bool = False


@dataclass(frozen=True)
class RunView:
    """One import as people see it, with how many of its items became what."""

    run: ImportRun
    counts: Counter[str]

    @property
    def at_work(self) -> bool:
        return self.run.status in AT_WORK and not self.is_cut_off

    @property
    def is_cut_off(self) -> bool:
        """Whether the process that did it was killed; one that a worker does is never: the next worker takes it up."""
        return _is_cut_off(self.run)

    @property
    def what(self) -> str:
        """What was handed in, in a few words."""
        names = [file["name"] for file in self.run.files] + self.run.urls
        return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


# ---- hand in, stop, go on -----------------------------------------------------------------------------------


def start(desk: Desk, user: User, *, files: Sequence[tuple[str, bytes]] = (), addresses: str = "", options: ImportOptions) -> str:
    """Hand in (name, bytes) files and a list of addresses, one a line; returns the run. Raises InputError for nothing.

    On a desk where articles need a review, they come in as drafts whatever the options say.
    """
    with desk.database.read() as session:  # before anything is kept on the disk
        access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    urls = fetching.addresses_in(addresses)
    if not files and not urls:
        raise InputError("Choose a file, or write the address of a page.")
    if len(urls) > MOST_ADDRESSES:
        raise InputError(
            f"These are {len(urls):,} addresses and at most {MOST_ADDRESSES:,} are fetched in one import; split the list."
        )
    run = ImportRun(id=new_id(), created_by=user.actor, urls=urls, options=asdict(options))
    folder = make_private(_folder(desk, run.id))
    for number, (name, data) in enumerate(files):
        path = folder / str(number)
        path.write_bytes(data)
        run.files.append({"name": name, "path": str(path)})
    run.scope = _scope(options.scope, run.files)

    def work(session: Session) -> None:
        access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
        if review.is_needed(session):  # what comes in waits as drafts, as what is written here does
            run.options = {**run.options, "publish": False}
        session.add(run)
        session.flush()
        audit.append(session, "import.started", actor=user.actor, run=run.id, files=len(run.files), addresses=len(urls))
        desk.enqueue(session, "import", run.id, run.id)

    desk.database.run_now(work)
    return run.id


def run_here(desk: Desk, paths: Sequence[Path], urls: Sequence[str], options: ImportOptions, *, author: str, tell: Tell) -> str:
    """Import files, folders and pages in this process, and return the run; for the command line."""
    files = [{"name": path.name, "path": str(path.resolve())} for path in paths]
    scope = options.scope or import_places.scope_of(paths) * (not urls)
    run = ImportRun(created_by=author, urls=list(urls), files=files, scope=scope, options=asdict(options), seen_at=now())
    desk.database.run_now(lambda session: session.add(run))
    with _signs_of_life(desk, run.id):
        work(desk, run.id, tell=tell)
    return run.id


@contextmanager
def _signs_of_life(desk: Desk, run_id: str) -> Iterator[None]:
    """Writes every few seconds that this process is there, also while a batch is embedded."""
    over = Event()

    def tell() -> None:
        while not over.wait(_SIGN):
            try:
                desk.database.run_now(
                    lambda session: session.execute(update(ImportRun).where(col(ImportRun.id) == run_id).values(seen_at=now()))
                )
            except Exception:  # the next sign may get through; the import itself says what is wrong
                logger.warning("the import %s could not give a sign of life", run_id, exc_info=True)

    thread = Thread(target=tell, name="import-signs", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def stop(session: Session, user: User, run_id: str) -> None:
    """End an import after the items that are being written; what was taken stays."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    run = _run(session, run_id)
    if run.status in AT_WORK and not _is_cut_off(run):
        run.status, run.ended_at = "stopped", now()
        session.add(run)
        audit.append(session, "import.stopped", actor=user.actor, run=run_id)


def go_on(session: Session, user: User, desk: Desk, run_id: str) -> None:
    """Take up an import that failed or was cut off, where it ended; from now on a worker does it."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    run = _run(session, run_id)
    if run.status == "failed" or _is_cut_off(run):
        run.status, run.error, run.ended_at, run.seen_at = "waiting", "", None, None
        session.add(run)
        desk.enqueue(session, "import", f"{run_id}-{now():%Y%m%d%H%M%S%f}", run_id)


# ---- read ---------------------------------------------------------------------------------------------------


def runs(session: Session, *, limit: int = 20) -> list[RunView]:
    """The latest imports, newest first."""
    found = session.exec(select(ImportRun).order_by(col(ImportRun.created_at).desc()).limit(limit)).all()
    counted = session.exec(
        select(ImportLine.run_id, ImportLine.outcome, func.count())
        .where(col(ImportLine.run_id).in_([run.id for run in found]))
        .group_by(col(ImportLine.run_id), col(ImportLine.outcome))
    ).all()
    counts = {run.id: Counter[str]() for run in found}
    for run_id, outcome, number in counted:
        counts[run_id][outcome] = number
    return [RunView(run, counts[run.id]) for run in found]


def lines(session: Session, run_id: str, *, outcome: str = "", limit: int = 200, offset: int = 0) -> list[ImportLine]:
    """Lines of an import: what somebody has to do something about first."""
    place = case({name: number for number, name in enumerate(ORDER)}, value=col(ImportLine.outcome), else_=len(ORDER))
    wanted = select(ImportLine).where(ImportLine.run_id == run_id)
    if outcome:
        wanted = wanted.where(ImportLine.outcome == outcome)
    return list(session.exec(wanted.order_by(place, col(ImportLine.id)).limit(limit).offset(offset)))


def lines_as_written(session: Session, run_id: str) -> Iterator[ImportLine]:
    """All lines of an import in the order of its items, a few at a time."""
    last = 0
    wanted = select(ImportLine).where(ImportLine.run_id == run_id).order_by(col(ImportLine.id))
    while found := session.exec(wanted.where(col(ImportLine.id) > last).limit(1_000)).all():
        yield from found
        last = found[-1].id or 0
        session.expunge_all()


def as_csv(session: Session, user: User, run_id: str) -> bytes:
    """The whole report as CSV with a byte order mark; no cell of it is a formula to a spreadsheet."""
    access.require(user, Permission.EDIT_KNOWLEDGE)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["source", "outcome", "article", "why"])
    for line in lines_as_written(session, run_id):
        cells = (line.source, line.outcome, line.article_id, line.why)
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def suspicions(title: str, body: str) -> list[str]:
    """What in an article reads like orders to the agents; such an article is not published unread."""
    text = f"{title}\n\n{body}"
    found = look("article", text, worded=False)
    if score(found) < FLAG:
        return []
    told: dict[str, str] = {}
    for finding in sorted(found, key=lambda finding: -finding.weight):
        words = " ".join(text[finding.start : finding.end].split())[:80]
        told.setdefault(finding.rule, f"{finding.why} (“{words}”, line {text.count(chr(10), 0, finding.start) - 1})")
    return [f"it reads like orders to the agents: {'; '.join(list(told.values())[:2])}"]


# ---- the work -----------------------------------------------------------------------------------------------


async def work_durably(desk: Desk, run_id: str) -> str:
    """The durable engine's entry: what a closing process leaves unfinished stays the engine's to take up again."""
    ended = await asyncio.to_thread(work, desk, run_id)
    if ended == "interrupted":
        await asyncio.Event().wait()
    return ended


def work(desk: Desk, run_id: str, *, tell: Tell | None = None) -> str:
    """Do an import, or what is left of it; returns how it ended. `tell(done, total)` hears of progress."""
    with desk.database.transaction() as session:
        run = _run(session, run_id)
        if run.status not in AT_WORK:
            return run.status
        run.status = "running"
        session.add(run)
    try:
        ended = _Work(desk, run, tell or (lambda done, total: None)).do()
    except KeyboardInterrupt:
        desk.database.run_now(lambda session: _end(session, run_id, "failed", "interrupted; start it again to finish it"))
        raise
    except Exception as error:
        logger.exception("import %s failed", run_id)
        ended, why = "failed", f"{type(error).__name__}: {error}"[:500]
        desk.database.run_now(lambda session: _end(session, run_id, "failed", why))
        return ended
    if ended == "done":
        desk.database.run_now(lambda session: _end(session, run_id, "done"))
    if ended != "interrupted":
        shutil.rmtree(_folder(desk, run_id), ignore_errors=True)
    return ended


class _Work:
    """One process's work on one import."""

    def __init__(self, desk: Desk, run: ImportRun, tell: Tell) -> None:
        self.desk, self.run, self.tell = desk, run, tell
        self.ended = "done"
        self.options = ImportOptions(**run.options)  # type: ignore[arg-type]

    def do(self) -> str:
        files = [waiting for given in self.run.files for waiting in _files(given)]
        with closing(Source(files)) as source:
            return self._do(files, source)

    def _do(self, files: Sequence[Waiting], source: Source) -> str:
        names = import_places.names_of(files) - source.brought | set(self.run.urls)
        total = len(names)
        self._count(total=total)
        meta = {name: value for name in ("audience", "category") if (value := getattr(self.options, name))}
        options = Options(
            self.run.created_by, self.options.publish, meta, self.run.scope, self.options.prune,
            suspicions, keeper(self.desk.settings), self.run.id,
        )  # fmt: skip
        importer = Importer(
            self.desk.database, self.desk.embedder, options,
            names=names, record=self._record, done=self._done, stopped=self._stopped, source=source,
        )  # fmt: skip
        done = self.run.done
        for lines in importer.steps(self._items(files, source)):
            done += len(lines)
            self.tell(done, max(total, done))
        return self.ended

    def _items(self, files: Sequence[Waiting], source: Source) -> Iterator[tuple[str, Item]]:
        yield from import_places.read_files(files, source.brought)
        last: dict[str, float] = {}
        networks = fetching.networks_of(self.desk.settings.import_networks)
        for address in self.run.urls:
            if self.ended != "done" or self._is_written(address):
                continue
            host = urlsplit(address).netloc if "://" in address else ""
            time.sleep(max(0.0, last.get(host, 0.0) + fetching.PAUSE - time.monotonic()))
            try:
                found = fetching.fetch(address, networks)
                yield from ((address, item) for item in reading.read(found.file))
            except InputError as error:
                yield address, error
            last[host] = time.monotonic()

    def _is_written(self, address: str) -> bool:
        with self.desk.database.read() as session:
            return bool(self._done(session, [address]))

    def _record(self, session: Session, lines: list[Line]) -> None:
        session.add_all(
            ImportLine(run_id=self.run.id, source=line.source, outcome=line.outcome, article_id=line.article, why=line.why)
            for line in lines
        )
        run = _run(session, self.run.id)
        run.done += len(lines)
        run.total = max(run.total, run.done)
        session.add(run)

    def _done(self, session: Session, places: list[str]) -> set[str]:
        written = select(ImportLine.source).where(ImportLine.run_id == self.run.id, col(ImportLine.source).in_(places))
        return set(session.exec(written))

    def _stopped(self) -> bool:
        if self.desk.durable.closing:
            self.ended = "interrupted"
        else:
            with self.desk.database.read() as session:
                self.ended = "stopped" if _run(session, self.run.id).status == "stopped" else "done"
        return self.ended != "done"

    def _count(self, *, total: int) -> None:
        def count(session: Session) -> None:
            run = _run(session, self.run.id)
            run.total = max(total, run.done)
            session.add(run)

        self.desk.database.run_now(count)


def _files(given: dict[str, str]) -> Iterator[Waiting]:
    """What was handed in under one name: a file, or a folder with what lies in it."""
    path, name = Path(given["path"]), given["name"]
    for found, file in import_places.files_of([path]):
        whole = found in (path.name, str(path))
        if isinstance(file, InputError):
            yield (name, InputError(file.problem, source=name)) if whole else (found, file)
        else:
            yield (name, replace(file, name=name)) if whole and not path.is_dir() else (found, file)


def _end(session: Session, run_id: str, status: str, error: str = "") -> None:
    run = _run(session, run_id)
    run.status, run.error, run.ended_at = status, error, now()
    session.add(run)
    counts: Counter[str] = Counter(session.exec(select(ImportLine.outcome).where(ImportLine.run_id == run_id)).all())
    audit.append(session, f"import.{status}", actor=run.created_by, run=run_id, **counts)


def _is_cut_off(run: ImportRun) -> bool:
    return run.status in AT_WORK and run.seen_at is not None and now() - run.seen_at > CUT_OFF


def _run(session: Session, run_id: str) -> ImportRun:
    run = session.get(ImportRun, run_id)
    if run is None:
        raise InputError("There is no such import; look it up in the list.")
    return run


def _scope(given: str, files: Sequence[dict[str, str]]) -> str:
    if given.strip() or len(files) != 1 or not files[0]["name"].lower().endswith(".zip"):
        return given.strip()
    return Path(files[0]["name"]).stem


def _folder(desk: Desk, run_id: str) -> Path:
    return desk.settings.home / "imports" / run_id
