"""What people put right in what agents made of a ticket: figures of triage and of escalations are made of it."""

from typing import Literal

from sqlmodel import Session

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import Episode, Ticket, User

Field = Literal["category", "priority", "team"]
LABELS = {"right": "rightly decided", "false": "escalated without need", "missed": "should have been escalated"}


def put(session: Session, ticket: Ticket, field: Field, value: str) -> None:
    """Note that a person gave this value to a field, in the caller's transaction; the running episode carries it."""
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode is None:
        return
    setattr(episode, f"final_{field}", value)
    if field == "category":
        episode.category = value
    session.add(episode)


def label_escalation(session: Session, user: User, ticket_id: int, label: str) -> None:
    """A reviewer's word on whether the running matter should have been escalated: right, false or missed; "" takes it back.

    Raises AccessError, and InputError for a label that the matter cannot have.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    ticket = locks.ticket(session, ticket_id)
    episode = session.get(Episode, ticket.episode_id) if ticket and ticket.episode_id else None
    if ticket is None or episode is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    if label and label not in LABELS:
        raise InputError(f"An escalation is labelled {', '.join(LABELS)}, not {label}.")
    if label == "false" and episode.escalated_at is None:
        raise InputError("This ticket was not escalated, so it cannot have been escalated without need.")
    if label == "missed" and episode.escalated_at is not None:
        raise InputError("This ticket was escalated; say whether it was right or without need.")
    was, episode.escalation_label = episode.escalation_label, label
    session.add(episode)
    audit.append(session, "escalation_label", actor=user.actor, ticket_id=ticket_id, was=was, to=label)
