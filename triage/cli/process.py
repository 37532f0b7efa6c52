"""`triage process`: a file of tickets through the whole flow, up to the point where a person decides."""

import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlmodel import Session, select

from triage.cli import lines
from triage.cli.ticket_line import error_line, ticket_line
from triage.database import Database
from triage.errors import InputError
from triage.intake import files
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.models import AT_WORK, Ticket
from triage.office import Desk, open_desk
from triage.settings import load_settings

AHEAD = 4  # tickets taken in for each one that is worked on


def process(
    tickets: Annotated[Path, typer.Option(help="JSONL of tickets, a folder of .eml files, or an mbox.")],
    out: Annotated[Path, typer.Option(help="JSONL to write, a line for every ticket; - for stdout.")],
    kb: Annotated[
        Path | None,
        typer.Option(help="Knowledge base: a folder, file or zip of articles; default: the home's, else the bundled one."),
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Folder that keeps the state, so that a stopped run can go on; default: a temporary one.")
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="Tickets worked on at once.")] = 8,
) -> None:
    """Work on every ticket until it waits for a person or ended otherwise, and write what became of it."""
    if not tickets.exists():
        raise InputError(
            "there is no such file or folder; give a JSONL file, a folder of .eml files or an mbox.", source=str(tickets)
        )
    files.probe(tickets)
    with _home(home) as folder:
        settings = load_settings(home=folder, worker_concurrency=concurrency, demo=False)
        desk = open_desk(settings)
        try:
            prepare_knowledge(desk, kb)
            desk.work()
            with lines.writer(out) as writer, _progress() as progress:
                for line in work_through(desk, tickets, concurrency):
                    writer.write(line)
                    progress.advance()
        finally:
            desk.close()


def prepare_knowledge(desk: Desk, kb: Path | None) -> None:
    """Categories and articles for a home that has none; `kb` is imported (again: what changed)."""
    from knowledge_base import importing, sorting
    from triage.demo import seed
    from triage.library.imports import suspicions

    prepared = seed.prepare(desk)
    with desk.database.transaction() as session:
        (seed.seed_categories if kb else seed.seed_knowledge)(session, prepared)
    if kb is not None:
        report = importing.import_paths(desk.database, [kb], embed=desk.embedder, author="triage process", inspect=suspicions)
        for line in report.lines:
            if line.outcome in ("refused", "held"):
                print(f"triage: {line.source}: {line.why}", file=sys.stderr)
    desk.index.sync(desk.database)
    sorting.fit(desk.database, desk.embedder)


def work_through(desk: Desk, source: Path, concurrency: int) -> Iterator[dict[str, Any]]:
    """A line for every input, in the order of the input; at most a few tickets wait in memory."""
    waiting: deque[tuple[str, int | InputError]] = deque()
    for name, incoming in files.read(source, desk.settings):
        waiting.append((name, _take_in(desk, name, incoming)))
        while len(waiting) >= concurrency * AHEAD:
            yield _line(desk, *waiting.popleft())
    while waiting:
        yield _line(desk, *waiting.popleft())


def _take_in(desk: Desk, name: str, incoming: Incoming | InputError) -> int | InputError:
    """The ticket of an input; one that a former run took in already is found again by its id."""
    if isinstance(incoming, InputError):
        return incoming

    def work(session: Session) -> int:
        named = incoming.model_copy(update={"source_id": name})
        return receive(session, named, desk.settings, enqueue=desk.start, by_hand=True).ticket_id

    return desk.database.run_now(work)


def _line(desk: Desk, name: str, ticket_id: int | InputError) -> dict[str, Any]:
    if isinstance(ticket_id, InputError):
        return error_line(name, str(ticket_id))
    _wait(desk.database, ticket_id)
    with desk.database.read() as session:
        return ticket_line(session, name, ticket_id)


def _wait(database: Database, ticket_id: int) -> None:
    pause = 0.01
    while True:
        with database.read() as session:
            if session.exec(select(Ticket.status).where(Ticket.id == ticket_id)).one() not in AT_WORK:
                return
        time.sleep(pause)
        pause = min(pause * 1.5, 0.25)


@contextmanager
def _home(home: Path | None) -> Iterator[Path]:
    if home is not None:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="triage-") as folder:
        yield Path(folder)


class _Counter:
    def __init__(self, progress: Progress) -> None:
        self._progress, self._task = progress, progress.add_task("tickets", total=None)

    def advance(self) -> None:
        self._progress.advance(self._task)


@contextmanager
def _progress() -> Iterator[_Counter]:
    """A counter on stderr; silent when stderr is not a terminal."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed} {task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield _Counter(progress)
