"""Write word to people in the transaction of what it tells, so that both stand or fall together."""

from sqlmodel import Session

from triage.models import Notification, Role, Ticket, User, now


def tell(
    session: Session, kind: str, text: str, *, user_id: int | None = None, role: Role | None = None, team: str = "",
    ticket_id: int | None = None, by: User | None = None,
) -> Notification:  # fmt: skip
    """Tell one person, the people of a group, or everybody who has at least `role`; never the person it is `by`."""
    row = Notification(
        user_id=user_id, role=role, team=team, actor_id=by.id if by else None, ticket_id=ticket_id, kind=kind, text=text,
        created_at=now(),
    )  # fmt: skip
    session.add(row)
    return row


def tell_team(session: Session, ticket: Ticket, kind: str, text: str, *, by: User | None = None) -> Notification:
    """Tell the ticket's group, or everybody at work when it has none."""
    role = None if ticket.team else Role.STAFF
    return tell(session, kind, f"{name_of(ticket)}: {text}", role=role, team=ticket.team, ticket_id=ticket.id, by=by)


def name_of(ticket: Ticket) -> str:
    """How a ticket is called in a sentence."""
    return f"#{ticket.id} {ticket.subject or '(no subject)'}"
