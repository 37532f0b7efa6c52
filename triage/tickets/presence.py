"""Who is writing on a ticket: a claim that tells the others, hinders nobody, and runs out by itself.

Who merely has a ticket open is told by triage.tickets.work.claim.
"""

from datetime import timedelta

from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import EditClaim, Ticket, User, now

WRITING = timedelta(seconds=90)


def write(session: Session, user: User, ticket_id: int) -> None:
    """Note that this person writes on the ticket, for 90 seconds. Raises InputError when there is no such ticket."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    if session.get(Ticket, ticket_id) is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    claim = session.get(EditClaim, (ticket_id, user.id))
    if claim is None or claim.until <= now():
        audit.append(session, "writing", actor=user.actor, ticket_id=ticket_id)
    if claim is None:
        claim = EditClaim(ticket_id=ticket_id, user_id=user.id or 0, until=now())
    claim.until = now() + WRITING
    session.add(claim)


def stop(session: Session, user: User, ticket_id: int) -> None:
    """Note that this person writes no more."""
    claim = session.get(EditClaim, (ticket_id, user.id))
    if claim is not None:
        session.delete(claim)
        audit.append(session, "writing_ended", actor=user.actor, ticket_id=ticket_id)


def on(session: Session, ticket_id: int) -> dict[int, str]:
    """Id → name of everybody who writes on the ticket now."""
    alive = select(User.id, User.name).join(EditClaim).where(EditClaim.ticket_id == ticket_id, EditClaim.until > now())
    return {number: name for number, name in session.exec(alive.order_by(col(User.id))) if number is not None}
