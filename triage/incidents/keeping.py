"""What people do with an incident: confirm, rename, split, merge, end or dissolve it, put tickets in and take them out.

Every function checks who asks, writes its audit event in the caller's transaction and changes nothing when it raises.
"""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import ConflictError, InputError
from triage.incidents import holding
from triage.models import Incident, IncidentMember, MasterDraft, Status, Ticket, User, now
from triage.runs import refuse_exercise

LIVE = ("proposed", "open")
_LONGEST = 120


def confirm(session: Session, user: User, incident_id: int) -> Incident:
    """Say that these tickets are one matter; from now on a text can be written for them."""
    incident = _live(session, user, incident_id)
    if incident.state != "open":
        _change(session, user, incident, "confirmed", state="open")
    return incident


def rename(session: Session, user: User, incident_id: int, title: str) -> None:
    """Give it a name people understand."""
    incident, title = _live(session, user, incident_id), " ".join(title.split())
    if not title or len(title) > _LONGEST:
        raise InputError(f"A title has 1 to {_LONGEST} characters.")
    if title != incident.title:
        _change(session, user, incident, "renamed", title=title)


def dissolve(session: Session, user: User, incident_id: int) -> None:
    """Say that it is no incident; its tickets stay ordinary ones and are not proposed together again."""
    _change(session, user, _live(session, user, incident_id), "dissolved", state="dissolved")


def end(session: Session, user: User, incident_id: int) -> None:
    """Say that it is over: no further ticket joins it, and answered ones count as resolved after the usual silence."""
    incident = _live(session, user, incident_id)
    if incident.state != "open":
        raise ConflictError("Only an incident that was confirmed can be over; dissolve this one.")
    _change(session, user, incident, "ended", state="over")


def start(session: Session, user: User, ticket_ids: Sequence[int], title: str = "") -> Incident:
    """Make an incident by hand of tickets that nobody proposed together."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    held = {ticket.id: ticket for ticket in locks.tickets(session, ticket_ids)}
    first = held.get(ticket_ids[0]) if ticket_ids else None
    if first is None:
        raise InputError("Choose at least one ticket.")
    incident = Incident(
        title=" ".join((title or first.subject or "One matter").split())[:_LONGEST], state="open", category=first.category,
        why=f"{user.name} made it.", created_by=_actor(user), changed_by=user.id, changed_at=now(),
    )  # fmt: skip
    session.add(incident)
    session.flush()
    for number in ticket_ids:
        add(session, user, incident.id or 0, number)
    audit.append(session, "incident.started", actor=_actor(user), incident=incident.id, tickets=list(ticket_ids))
    return incident


def add(session: Session, user: User, incident_id: int, ticket_id: int) -> None:
    """Put a ticket in; one that is in another incident, or was taken out, moves here."""
    incident = _live(session, user, incident_id)
    ticket = session.get(Ticket, ticket_id, with_for_update=True)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}.")
    refuse_exercise(ticket)
    if ticket.status == Status.QUARANTINED:
        raise ConflictError(f"Ticket {ticket_id} is in quarantine; let it in first.")
    member = _member(session, ticket_id) or IncidentMember(incident_id=incident_id, ticket_id=ticket_id)
    if member.id is not None and member.incident_id == incident_id and not member.out:
        return
    was = member.incident_id if member.id is not None else None
    member.incident_id, member.out, member.nearness, member.added_by = incident_id, False, 1.0, _actor(user)
    session.add(member)
    if incident.state == "open":
        holding.hold(session, [ticket_id])
    audit.append(session, "incident.added", actor=_actor(user), ticket_id=ticket_id, incident=incident.id, was=was)


def take_out(session: Session, user: User, incident_id: int, ticket_id: int) -> None:
    """Take a ticket out; it is an ordinary one again, and no clock puts it back."""
    _live(session, user, incident_id)
    member = _member(session, ticket_id)
    if member is None or member.incident_id != incident_id or member.out:
        raise ConflictError(f"Ticket {ticket_id} is not in this incident any more.")
    member.out = True
    session.add(member)
    holding.release(session, [ticket_id])
    audit.append(session, "incident.removed", actor=_actor(user), ticket_id=ticket_id, incident=incident_id)


def split(session: Session, user: User, incident_id: int, ticket_ids: Sequence[int], title: str) -> Incident:
    """Make an incident of its own of some members."""
    _live(session, user, incident_id)
    inside = set(session.exec(_inside(incident_id)))
    chosen = list(dict.fromkeys(ticket_ids))
    if not chosen or not set(chosen) < inside:
        raise InputError("Choose some members of the incident, and leave at least one in it.")
    return start(session, user, chosen, title)


def merge(session: Session, user: User, incident_id: int, other_id: int) -> None:
    """Take all members of another incident in; the other one is dissolved."""
    if incident_id == other_id:
        raise InputError("Choose another incident to merge with.")
    first, second = sorted((incident_id, other_id))  # always in one order, so that two people cannot wait for each other
    _live(session, user, first), _live(session, user, second)
    other = session.get_one(Incident, other_id)
    moved = list(session.exec(_inside(other_id)))
    locks.tickets(session, moved)
    for number in moved:
        add(session, user, incident_id, number)
    _change(session, user, other, "merged", state="dissolved")
    audit.append(session, "incident.took_in", actor=_actor(user), incident=incident_id, other=other_id, tickets=moved)


def _live(session: Session, user: User, incident_id: int) -> Incident:
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise InputError(f"There is no incident {incident_id}.")
    if incident.state not in LIVE:
        raise ConflictError(f"This incident is {incident.state} already; reload the page.")
    return incident


def _change(session: Session, user: User, incident: Incident, event: str, **fields: str) -> None:
    was = {name: getattr(incident, name) for name in fields}
    for name, value in fields.items():
        setattr(incident, name, value)
    incident.changed_by, incident.changed_at = user.id, now()
    if incident.state == "dissolved":
        for master in session.exec(select(MasterDraft).where(MasterDraft.incident_id == incident.id)):
            master.status = "superseded"
            session.add(master)
    if "state" in fields:
        (holding.hold if incident.state == "open" else holding.release)(session, list(session.exec(_inside(incident.id or 0))))
    session.add(incident)
    audit.append(session, f"incident.{event}", actor=_actor(user), incident=incident.id, was=was, to=fields)


def _member(session: Session, ticket_id: int) -> IncidentMember | None:
    return session.exec(select(IncidentMember).where(IncidentMember.ticket_id == ticket_id)).first()


def _inside(incident_id: int):  # type: ignore[no-untyped-def]
    return select(IncidentMember.ticket_id).where(IncidentMember.incident_id == incident_id, col(IncidentMember.out).is_(False))


def _actor(user: User) -> str:
    return f"user:{user.id}"
