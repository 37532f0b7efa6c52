"""The one function that changes a ticket's status; its clocks follow."""

from sqlmodel import Session

from triage import audit
from triage.errors import TransitionError
from triage.models import TRANSITIONS, Status, Ticket, now
from triage.sla import clocks


def move(session: Session, ticket: Ticket, *along: Status, actor: str, reason: str | None = None, **data: object) -> None:
    """Move a ticket along one or more allowed edges, with an audit event for each, in the caller's transaction.

    Raises TransitionError when an edge does not exist; the ticket is then unchanged.
    """
    steps = list(zip((Status(ticket.status), *along), along, strict=False))
    for was, to in steps:
        if to not in TRANSITIONS[was]:
            raise TransitionError(
                f"Ticket {ticket.id} is {was.value} and cannot become {to.value}; reload it to see where it stands."
            )
    ticket.status, ticket.reason, ticket.updated_at = along[-1], reason, now()
    session.add(ticket)
    clocks.moved(session, ticket, *steps[-1])
    told = [{"was": was.value, "to": to.value, "reason": reason, **data} for was, to in steps]
    audit.append_all(session, "status", told, actor=actor, ticket_id=ticket.id)
