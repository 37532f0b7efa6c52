"""Giving a group's new tickets to its people by itself: one after the other, or to whoever has least to do."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.models import WAITS_FOR_PERSON, AuditEvent, Notification, Status, Team, TeamMember, Ticket, User
from triage.notifications.telling import name_of

_AT_ONCE = 200
WAYS = {"": "By hand", "turn": "One after the other", "load": "To whoever has fewest open tickets"}


def set_way(session: Session, user: User, name: str, way: str) -> None:
    """How a group shares its new tickets."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    team = session.get(Team, name)
    if team is None or way not in WAYS:
        raise InputError(f"There is no group {name}, or no such way; reload the page.")
    was, team.sharing = team.sharing, way
    session.add(team)
    audit.append(session, "team_sharing", actor=user.actor, team=name, was=was, to=way)


def give(session: Session, ticket: Ticket) -> User | None:
    """Give a ticket that a person has to decide to one of its group, by the group's way; returns whom.

    Nobody gets it when the group shares by hand, when somebody has it already, or when nobody of the group is there.
    """
    if not ticket.team or ticket.assignee_id is not None:
        return None
    team = session.get(Team, ticket.team)
    if team is None or not team.sharing:
        return None
    team = session.get_one(Team, ticket.team, with_for_update=True)
    people = _people(session, team.name)
    if not people:
        return None
    chosen = _fewest(session, people, team.last_given) if team.sharing == "load" else _next(people, team.last_given)
    ticket.assignee_id = team.last_given = chosen.id
    session.add_all([ticket, team])
    text = f"{name_of(ticket)} is yours, from the group {team.name}."
    session.add(Notification(user_id=chosen.id, ticket_id=ticket.id, kind="assigned", text=text))
    audit.append(
        session, "assigned", actor="desk", ticket_id=ticket.id, was=None, to=chosen.id, because=f"{team.name}: {team.sharing}"
    )
    return chosen


def _people(session: Session, team: str) -> list[User]:
    """Who of a group works the inbox, in the order of their turns."""
    rows = select(User).join(TeamMember, col(TeamMember.user_id) == User.id).where(TeamMember.team == team)
    return [person for person in session.exec(rows.order_by(col(User.id))) if access.may(person, Permission.WORK_INBOX)]


def _next(people: list[User], last: int | None) -> User:
    return next((person for person in people if (person.id or 0) > (last or 0)), people[0])


def _fewest(session: Session, people: list[User], last: int | None) -> User:
    """Whoever has fewest tickets that wait for a person; among equals it goes round."""
    ids = [person.id for person in people]
    waits = col(Ticket.status).in_(WAITS_FOR_PERSON - {Status.QUARANTINED})
    counted = (
        select(Ticket.assignee_id, func.count()).where(col(Ticket.assignee_id).in_(ids), waits).group_by(col(Ticket.assignee_id))
    )
    load = dict(session.exec(counted).all())
    least = min(load.get(number, 0) for number in ids)
    return _next([person for person in people if load.get(person.id, 0) == least], last)


def share(session: Session) -> str:
    """Give what waits in groups that share by themselves; a ticket that somebody had before is left to people."""
    names = list(session.exec(select(Team.name).where(Team.sharing != "")))
    if not names:
        return "no group shares by itself"
    had = select(AuditEvent.id).where(AuditEvent.ticket_id == Ticket.id, AuditEvent.kind == "assigned").exists()
    waits = select(Ticket).where(
        col(Ticket.status).in_(WAITS_FOR_PERSON - {Status.QUARANTINED}), col(Ticket.team).in_(names), col(Ticket.assignee_id).is_(None), ~had
    )  # fmt: skip
    given = [give(session, row) for row in session.exec(waits.order_by(col(Ticket.due_at), col(Ticket.id)).limit(_AT_ONCE))]
    return f"{sum(person is not None for person in given)} tickets given"
