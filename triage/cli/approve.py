"""`triage approve`: decisions from a file, as a person at the command line."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlmodel import Session, select

from triage import approval
from triage.cli import lines
from triage.drafts import proof
from triage.errors import InputError, SettingsError, TriageError
from triage.models import AT_WORK, Decision, DecisionKind, Draft, Message, Role, Status, Ticket, User
from triage.office import Desk, open_desk
from triage.settings import load_settings

KINDS = {"approve": DecisionKind.APPROVE, "reject": DecisionKind.REJECT, "request_changes": DecisionKind.REQUEST_CHANGES}
PERSON = "command-line@localhost"
PATIENCE = 60.0


def approve(
    decisions: Annotated[Path, typer.Option(help="JSONL of id, decision (approve, reject, request_changes), body?, reason?.")],
    out: Annotated[Path, typer.Option(help="JSONL to write: id, status; - for stdout.")],
    home: Annotated[Path, typer.Option(help="Home folder of the tickets.")],
) -> None:
    """Decide drafts and wait until each reply is delivered. Run again, it decides nothing twice."""
    if not decisions.is_file():
        raise InputError("there is no such file; give a JSONL of decisions.", source=str(decisions))
    desk = open_desk(load_settings(home=home, undo_seconds=0.0, demo=False))
    try:
        working = _work(desk)
        with lines.writer(out) as writer:
            for number, line in lines.read(decisions):
                writer.write(_decide(desk, number, line, working))
    finally:
        desk.close()


def _work(desk: Desk) -> bool:
    """Whether this process delivers; a desk that runs on this home does it otherwise."""
    try:
        desk.work()
    except SettingsError:
        return False
    return True


def _decide(desk: Desk, number: int, line: dict[str, Any] | InputError, working: bool) -> dict[str, Any]:
    if isinstance(line, InputError):
        return {"id": None, "status": None, "error": str(line)}
    name = str(line.get("id", ""))
    try:
        ticket_id = desk.database.run_now(lambda session: _apply(session, desk, name, line))
    except TriageError as error:
        return {"id": name, "status": _status(desk, name), "error": f"line {number}: {error}"}
    if working:
        _wait(desk, ticket_id)
    return {"id": name, "status": _status(desk, name)}


def _apply(session: Session, desk: Desk, name: str, line: dict[str, Any]) -> int:
    kind = KINDS.get(str(line.get("decision")))
    if kind is None:
        raise InputError(f"decision is {line.get('decision')!r}; choose one of {', '.join(KINDS)}.")
    ticket = _find(session, name)
    if ticket is None or ticket.id is None:
        raise InputError(f"there is no ticket with the id {name!r} in this home.")
    if session.exec(select(Decision).where(Decision.ticket_id == ticket.id, Decision.kind == kind)).first():
        return ticket.id
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    if draft is None:
        raise InputError(f"ticket {name!r} is {ticket.status} and has no draft to decide.")
    reason = str(line.get("reason") or "")
    body = None if line.get("body") is None else str(line["body"])
    points = proof.open_points(proof.of_text(session, draft, ticket, draft.body if body is None else body))
    approval.decide(
        session, desk.enqueue, desk.settings, _person(session), draft.id or 0, kind=kind, seal=draft.seal, body=body,
        reason=reason or ("other" if kind == DecisionKind.REJECT else ""), comment=reason,
        acknowledged=[row["index"] for row in points if "index" in row], vouched=[row["text"] for row in points if "index" not in row],
    )  # fmt: skip
    return ticket.id


def _person(session: Session) -> User:
    """The account that the audit log names; it has no password, so nobody can sign in with it."""
    person = session.exec(select(User).where(User.email == PERSON)).first()
    if person is None:
        person = User(email=PERSON, name="Command line", role=Role.MANAGER)
        session.add(person)
        session.flush()
    return person


def _wait(desk: Desk, ticket_id: int) -> None:
    moving, until = {*AT_WORK, Status.APPROVED, Status.DELIVERING}, time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with desk.database.read() as session:
            if session.exec(select(Ticket.status).where(Ticket.id == ticket_id)).one() not in moving:
                return
        time.sleep(0.05)


def _status(desk: Desk, name: str) -> str | None:
    with desk.database.read() as session:
        ticket = _find(session, name)
        return ticket.status if ticket else None


def _find(session: Session, name: str) -> Ticket | None:
    """The ticket that the input with this id opened or joined."""
    ticket_id = session.exec(select(Message.ticket_id).where(Message.source_id == name)).first()
    return session.get(Ticket, ticket_id) if ticket_id else None
