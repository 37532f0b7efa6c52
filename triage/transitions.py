"""The one function that changes a ticket's status."""

from sqlmodel import Session

from triage import audit
from triage.errors import TransitionError
from triage.models import TRANSITIONS, Status, Ticket, now


def move(session: Session, ticket: Ticket, to: Status, *, actor: str, reason: str | None = None, **data: object) -> None:
    """Move a ticket along an allowed edge, with its audit event, in the caller's transaction.

    Raises TransitionError when the edge does not exist; the ticket is then unchanged.
    """
    was = Status(ticket.status)
    if to not in TRANSITIONS[was]:
        raise TransitionError(
            f"Ticket {ticket.id} is {was.value} and cannot become {to.value}; reload it to see where it stands."
        )
    ticket.status, ticket.reason, ticket.updated_at = to, reason, now()
    session.add(ticket)
    audit.append(session, "status", actor=actor, ticket_id=ticket.id, was=was.value, to=to.value, reason=reason, **data)
