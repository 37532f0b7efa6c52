"""Incidents as people see them, read in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from triage.errors import InputError
from triage.incidents import writing
from triage.incidents.finding import LIVE
from triage.models import (
    AuditEvent,
    Incident,
    IncidentMember,
    IncidentReply,
    MasterDraft,
    Outbox,
    Ticket,
    User,
)

_EVENTS = 40
_LISTED = 50


@dataclass(frozen=True)
class Card:
    """One incident in a list: how many tickets it has."""

    id: int
    title: str
    state: str
    burst: bool
    tickets: int
    why: str


@dataclass(frozen=True)
class Round:
    """One message to the customers: how many got it, and how many of those mails can still be taken back until `deadline`."""

    number: int
    sent: int
    held: int
    deadline: datetime | None


@dataclass(frozen=True)
class Happened:
    """One line of the incident's history."""

    at: datetime
    who: str
    kind: str
    data: dict[str, object]


@dataclass(frozen=True)
class IncidentView:
    incident: Incident
    members: list[Ticket]
    master: MasterDraft | None
    rounds: list[Round]
    events: list[Happened]

    @property
    def live(self) -> bool:
        return self.incident.state in LIVE

    @property
    def customers(self) -> int:
        return len({ticket.requester_email for ticket in self.members})


def alive(session: Session) -> list[Card]:
    """The incidents that are not over, bursts and the newest first."""
    counted = (
        select(Incident, func.count(col(IncidentMember.id)))
        .join(IncidentMember, col(IncidentMember.incident_id) == Incident.id)
        .where(col(Incident.state).in_(LIVE), col(IncidentMember.out).is_(False))
        .group_by(col(Incident.id))
        .order_by(col(Incident.burst).desc(), col(Incident.id).desc())
        .limit(_LISTED)
    )
    return [Card(one.id or 0, one.title, one.state, one.burst, count, one.why) for one, count in session.exec(counted)]


def alert(session: Session) -> Card | None:
    """The newest burst that nobody has looked at: still only proposed."""
    return next((card for card in alive(session) if card.burst and card.state == "proposed"), None)


def of_tickets(session: Session, tickets: Sequence[int | None]) -> dict[int, Incident]:
    """By ticket the incident it belongs to, as long as that is not over."""
    if not tickets:
        return {}
    rows = session.exec(
        select(IncidentMember.ticket_id, Incident)
        .join(Incident, col(Incident.id) == IncidentMember.incident_id)
        .where(col(IncidentMember.ticket_id).in_(tickets), col(IncidentMember.out).is_(False), col(Incident.state).in_(LIVE))
    )
    return dict(rows.all())


def load(session: Session, incident_id: int) -> IncidentView:
    """Everything about one incident; raises InputError when there is none."""
    incident = session.get(Incident, incident_id)
    if incident is None:
        raise InputError(f"There is no incident {incident_id}; the address is wrong.")
    members = (
        select(Ticket)
        .join(IncidentMember, col(IncidentMember.ticket_id) == Ticket.id)
        .where(IncidentMember.incident_id == incident_id, col(IncidentMember.out).is_(False))
        .order_by(col(Ticket.id))
    )
    return IncidentView(
        incident, list(session.exec(members)), writing.newest(session, incident_id), _rounds(session, incident_id), _events(session, incident)
    )  # fmt: skip


def pulse(session: Session, incident_id: int) -> tuple[object, ...]:
    """A cheap value that changes when the incident's screen has to be drawn again."""
    incident = session.get(Incident, incident_id)
    if incident is None:
        return ()
    members = session.exec(
        select(func.count(col(Ticket.id)), func.max(Ticket.updated_at), func.sum(Ticket.thread_head))
        .join(IncidentMember, col(IncidentMember.ticket_id) == Ticket.id)
        .where(IncidentMember.incident_id == incident_id, col(IncidentMember.out).is_(False))
    ).one()
    master = writing.newest(session, incident_id)
    return (incident.state, incident.title, *members, master and (master.id, master.status))


def _rounds(session: Session, incident_id: int) -> list[Round]:
    rows = session.exec(
        select(IncidentReply.round, Outbox)
        .join(Outbox, col(Outbox.decision_id) == IncidentReply.decision_id)
        .where(IncidentReply.incident_id == incident_id, Outbox.status != "cancelled")
        .order_by(IncidentReply.round)  # type: ignore[arg-type]
    ).all()
    found = []
    for number in dict.fromkeys(number for number, _ in rows):
        mails = [outbox for its, outbox in rows if its == number]
        held = [outbox.send_after for outbox in mails if outbox.status == "held" and not outbox.error]
        found.append(Round(number, len(mails), len(held), min(held, default=None)))
    return found


def _events(session: Session, incident: Incident) -> list[Happened]:
    """Newest first. What was done to the incident carries its number."""
    about = select(AuditEvent).where(
        AuditEvent.at >= incident.created_at, col(AuditEvent.kind).startswith("incident."),
        col(AuditEvent.data)["incident"].as_integer() == incident.id,
    )  # fmt: skip
    events = session.exec(about.order_by(col(AuditEvent.id).desc()).limit(_EVENTS)).all()
    people = {f"user:{number}": name for number, name in session.exec(select(User.id, User.name))}
    return [Happened(e.at, people.get(e.actor, "the desk"), e.kind.removeprefix("incident."), dict(e.data)) for e in events]
