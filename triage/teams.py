"""Groups of people, and which of them gets a ticket: by its category, or by a matter that always goes to a person."""

from dataclasses import dataclass

from sqlmodel import Session, col, delete, select

from triage import audit
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.guardrails.escalation import MATTERS
from triage.models import Category, MatterRoute, Team, TeamMember, Ticket, User
from triage.runs import refuse_exercise
from triage.sla import clocks
from triage.tickets import corrections

_LONGEST = 60
_FIRST = (
    "security_incident",
    "safety_incident",
    "self_harm",
    "violence",
    "legal_threat",
    "privacy_request",
    "chargeback",
    "press",
)
"""Which matter decides when a message has several."""


@dataclass(frozen=True)
class TeamRow:
    """A group: who is in it, which categories and which matters are routed to it, and how it shares (triage.tickets.sharing)."""

    name: str
    members: list[User]
    categories: list[str]
    matters: list[str]
    sharing: str = ""


# ---- routing ----------------------------------------------------------------------------------------------


def team_for(session: Session, usual: str, signals: list[str]) -> str:
    """The group that gets a ticket: that of a matter which always goes to a person, else the category's `usual` one."""
    if signals:
        routes = {row.matter: row.team for row in session.exec(select(MatterRoute).where(col(MatterRoute.matter).in_(signals)))}
        for matter in sorted(routes, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST)):
            return routes[matter]
    return usual


def of(session: Session, user: User) -> list[str]:
    """The groups a person is in."""
    return list(session.exec(select(TeamMember.team).where(TeamMember.user_id == user.id).order_by(TeamMember.team)))


def hand(session: Session, user: User, ticket_id: int, team: str) -> None:
    """Give a ticket to another group, or to none with ""."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    refuse_exercise(ticket)
    if team:
        _team(session, team)
    was, ticket.team = ticket.team, team
    clocks.described(session, ticket)
    corrections.put(session, ticket, "team", team)
    session.add(ticket)
    audit.append(session, "team", actor=user.actor, ticket_id=ticket_id, was=was, to=team)


# ---- groups -----------------------------------------------------------------------------------------------


def names(session: Session) -> list[str]:
    return list(session.exec(select(Team.name).order_by(Team.name)))


def listing(session: Session, user: User) -> list[TeamRow]:
    """Every group with its people and what is routed to it."""
    access.require(user, Permission.READ_MACHINERY)
    people: dict[str, list[User]] = {}
    for team, person in session.exec(select(TeamMember.team, User).join(User).order_by(User.name)):
        people.setdefault(team, []).append(person)
    categories: dict[str, list[str]] = {}
    for category in session.exec(select(Category).order_by(Category.title)):
        categories.setdefault(category.team, []).append(category.title)
    matters: dict[str, list[str]] = {}
    for row in session.exec(select(MatterRoute).order_by(MatterRoute.matter)):
        matters.setdefault(row.team, []).append(MATTERS.get(row.matter, row.matter))
    ways = dict(session.exec(select(Team.name, Team.sharing)).all())
    return [
        TeamRow(name, people.get(name, []), categories.get(name, []), matters.get(name, []), ways.get(name, ""))
        for name in names(session)
    ]


def add(session: Session, user: User, name: str) -> Team:
    """A new group. Raises InputError for a name that is empty, too long or taken."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    name = " ".join(name.split())
    if not name or len(name) > _LONGEST:
        raise InputError(f"A group needs a name of at most {_LONGEST} characters.")
    if any(known.lower() == name.lower() for known in names(session)):
        raise InputError(f"There is a group {name} already.")
    team = Team(name=name)
    session.add(team)
    audit.append(session, "team_added", actor=user.actor, team=name)
    return team


def remove(session: Session, user: User, name: str) -> None:
    """Take a group away; its categories and open tickets are nobody's then."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    team = _team(session, name)
    for category in session.exec(select(Category).where(Category.team == name)):
        category.team = ""
        session.add(category)
    for ticket in session.exec(select(Ticket).where(Ticket.team == name)):
        ticket.team = ""
        clocks.described(session, ticket)
        session.add(ticket)
    session.execute(delete(TeamMember).where(col(TeamMember.team) == name))
    session.execute(delete(MatterRoute).where(col(MatterRoute.team) == name))
    session.delete(team)
    audit.append(session, "team_removed", actor=user.actor, team=name)


def set_members(session: Session, user: User, name: str, people: list[int]) -> None:
    """Who is in a group."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    _team(session, name)
    unknown = [person for person in people if session.get(User, person) is None]
    if unknown:
        raise InputError("Somebody you chose has no account any more; reload the page.")
    session.execute(delete(TeamMember).where(col(TeamMember.team) == name))
    session.add_all(TeamMember(team=name, user_id=person) for person in dict.fromkeys(people))
    audit.append(session, "team_members", actor=user.actor, team=name, people=people)


def routes(session: Session) -> dict[str, str]:
    """For each matter that always goes to a person the group that gets it; one without a group is the managers'."""
    found = {row.matter: row.team for row in session.exec(select(MatterRoute))}
    return {matter: found.get(matter, "") for matter in MATTERS}


def set_route(session: Session, user: User, matter: str, team: str) -> None:
    """Route a matter to a group, or with "" to the managers alone. Whatever the group, such a ticket still escalates."""
    access.require(access.fresh(session, user), Permission.EDIT_MACHINERY)
    if matter not in MATTERS:
        raise InputError(f"There is no matter {matter}.")
    row = session.get(MatterRoute, matter)
    if team:
        _team(session, team)
        row = row or MatterRoute(matter=matter, team=team)
        row.team = team
        session.add(row)
    elif row is not None:
        session.delete(row)
    audit.append(session, "matter_route", actor=user.actor, matter=matter, team=team)


def _team(session: Session, name: str) -> Team:
    team = session.get(Team, name)
    if team is None:
        raise InputError(f"There is no group {name}; reload the page.")
    return team
