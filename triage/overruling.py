"""When people decide otherwise than a rule of the guards: noted on the verdict, for the figures of the Guardrails screen."""

from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from triage.models import Draft, GuardVerdict, Ticket


def let_in(session: Session, ticket: Ticket) -> bool:
    """A person let a message in; returns whether the guards at the door had stopped it or set it aside."""
    return _mark(session, GuardVerdict.ticket_id == ticket.id, GuardVerdict.stage == "input")


def sent_as_it_was(session: Session, draft: Draft) -> bool:
    """A person sent a draft word for word; returns whether the guards at the exit had flagged or stopped it."""
    if draft.run_id is None:
        return False
    return _mark(session, GuardVerdict.run_id == draft.run_id, GuardVerdict.stage == "output")


def taken_back(session: Session, draft: Draft) -> None:
    """The sending was taken back: the rule stands again."""
    if draft.run_id is not None:
        _mark(session, GuardVerdict.run_id == draft.run_id, GuardVerdict.stage == "output", overruled=False)


def _mark(session: Session, *which: object, overruled: bool = True) -> bool:
    fired = update(GuardVerdict).where(*which, col(GuardVerdict.verdict) != "allow")  # type: ignore[arg-type]
    found: Any = session.execute(fired.values(overruled=overruled))
    return bool(found.rowcount)
