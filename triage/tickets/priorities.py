"""A person's word on how pressing a ticket is."""

from sqlmodel import Session

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import Priority, User
from triage.runs import refuse_exercise
from triage.sla import clocks
from triage.tickets import corrections


def put(session: Session, user: User, ticket_id: int, priority: str) -> None:
    """Set a ticket's priority; what is still promised follows it, counted from where each clock began."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    ticket = locks.ticket(session, ticket_id)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    refuse_exercise(ticket)
    if priority not in set(Priority):
        raise InputError(f"{priority} is no priority; choose one of {', '.join(Priority)}.")
    if ticket.priority == priority:
        return
    was, ticket.priority = ticket.priority, Priority(priority)
    clocks.prioritised(session, ticket)
    corrections.put(session, ticket, "priority", priority)
    session.add(ticket)
    audit.append(session, "priority", actor=user.actor, ticket_id=ticket_id, was=was, to=priority)
