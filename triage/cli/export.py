"""`triage export …` and `triage audit verify`: what the desk keeps, as files that others can read and check."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlmodel import Session

from triage import audit, auditing, chronicles
from triage.database import migrate, open_database
from triage.errors import InputError, TriageError
from triage.settings import settings
from triage.sla.plan import desk_hours

app = typer.Typer(no_args_is_help=True, help="Write what the desk keeps to files.")
audit_app = typer.Typer(no_args_is_help=True, help="Check the audit log.")
Out = Annotated[Path, typer.Option("--out", help="File to write; - for stdout.")]


@app.command("audit")
def audit_log(
    since: Annotated[str | None, typer.Option(help="First day, such as 2026-11-01; default: the beginning.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day; default: now.")] = None,
    out: Out = Path("-"),
) -> None:
    """Write the audit log with its chain of hashes as JSON Lines; `triage audit verify FILE` checks it without the desk."""
    with _reading() as session, _writing(out) as file:
        for line in auditing.export(session, _morning(session, since), _morning(session, until, days=1)):
            print(line, file=file)


@app.command("dossier")
def dossier(
    ticket: Annotated[int, typer.Argument(help="The ticket's number.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON instead of a page.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; - for stdout; default: ticket-NUMBER.html or .json here.")
    ] = None,
) -> None:
    """Write everything that happened to a ticket, in order, as one self-contained file; the audit log notes it."""
    database = open_database(settings())
    migrate(database)
    try:
        name, content = database.run_now(lambda session: chronicles.export(session, None, ticket, "json" if as_json else "html"))
    finally:
        database.close()
    with _writing(out or Path(name)) as file:
        file.write(content.decode())
    if str(out) != "-":
        typer.echo(f"{out or name} is written.", err=True)


@audit_app.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="A file of `triage export audit`; default: the desk's own log.")] = None,
    last: Annotated[str, typer.Option(help="The hash that it must end with, as you kept it elsewhere.")] = "",
) -> None:
    """Check every hash and link; names the first that is broken and exits with 1."""
    found = _verified(file)
    if found.broken:
        raise BrokenChain(f"The audit log is broken at {found.broken}. The {found.events:,} events before it hold.")
    if last and found.last != last.strip():
        raise BrokenChain(f"The audit log holds in itself, but it ends with {found.last}, not with the hash you kept.")
    typer.echo(f"{found.events:,} events hold; the last hash is {found.last}.")


class BrokenChain(TriageError):
    """The audit log is not what was written."""


def _verified(file: Path | None) -> audit.Verified:
    if file is None:
        with _reading() as session:
            return audit.check(session)
    try:
        with file.open(encoding="utf-8") as lines:
            return auditing.verify_file(lines)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error


@contextmanager
def _writing(out: Path) -> Iterator[TextIO]:
    """A new file that only its owner reads, or stdout."""
    if str(out) == "-":
        yield sys.stdout
        return
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yield file


@contextmanager
def _reading() -> Iterator[Session]:
    database = open_database(settings())
    migrate(database)
    try:
        with database.read() as session:
            yield session
    finally:
        database.close()


def _morning(session: Session, day: str | None, *, days: int = 0) -> datetime | None:
    """The beginning of a day on the team's wall, or of the day after."""
    if day is None:
        return None
    try:
        return desk_hours(session).midnight(date.fromisoformat(day) + timedelta(days=days))
    except ValueError as error:
        raise InputError(f"“{day}” is no day; write one such as 2026-11-01.") from error
