"""A person's word on how pressing a ticket is."""

from sqlmodel import Session

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.intake.sla import due
from triage.models import Episode, Priority, Ticket, User


def put(session: Session, user: User, ticket_id: int, priority: str) -> None:
    """Set a ticket's priority; what is still promised is promised anew from the matter's beginning."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    if priority not in set(Priority):
        raise InputError(f"{priority} is no priority; choose one of {', '.join(Priority)}.")
    if ticket.priority == priority:
        return
    was, ticket.priority = ticket.priority, Priority(priority)
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode and episode.resolved_at is None:
        first, resolved = due(episode.started_at, priority)
        if episode.first_reply_at is None:
            episode.first_reply_due = ticket.first_reply_due = first
        episode.resolve_due = ticket.resolve_due = resolved
        session.add(episode)
    session.add(ticket)
    audit.append(session, "priority", actor=user.actor, ticket_id=ticket_id, was=was, to=priority)
