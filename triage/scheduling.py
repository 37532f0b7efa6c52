"""Sending at a time of a person's choosing. Until then the message is held like any other, and can be moved or taken back.

Delivery looks at the world again at that time, as at every time: what changed puts the reply before a person instead.
"""

from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

from sqlmodel import Session

from triage import audit, locks
from triage.accounts import access
from triage.accounts.access import Permission
from triage.approval import Enqueue
from triage.errors import AccessError, ConflictError, InputError
from triage.models import Customer, Decision, Outbox, Ticket, User, now
from triage.sla.plan import desk_hours

LONGEST = timedelta(days=90)
_CLOSE = timedelta(seconds=1)
OPENS = time(9)
"""When a customer's business day begins, by their own clock, Monday to Friday."""


def schedule(session: Session, enqueue: Enqueue, user: User, decision_id: int, at: datetime) -> Outbox:
    """Send the approved message at this moment (aware) and not before; again, to move it.

    Called in the transaction of the approval or later. Raises AccessError, ConflictError when it has left or was taken
    back, InputError for a time that is past or more than 90 days ahead.
    """
    outbox = _held(session, user, decision_id)
    if not now() < at <= now() + LONGEST:
        raise InputError("Choose a time in the future, at most 90 days ahead.")
    was = outbox.send_after if outbox.scheduled else None
    outbox.send_after, outbox.scheduled = at, True
    session.add(outbox)
    enqueue(
        session,
        "deliver",
        f"{outbox.key}-at-{int(at.timestamp() * 1000)}",
        outbox.id,
        delay=max(0.0, (at - now()).total_seconds()),
    )
    audit.append(session, "scheduled", actor=user.actor, ticket_id=outbox.ticket_id, outbox=outbox.id, at=at, was=was)
    return outbox


def send_now(session: Session, enqueue: Enqueue, user: User, decision_id: int, undo_seconds: float) -> Outbox:
    """Do not wait for the chosen time; the usual moment to take it back remains."""
    outbox = _held(session, user, decision_id)
    if not outbox.scheduled:
        raise ConflictError("This message has no chosen time; it is on its way already.")
    was, outbox.send_after, outbox.scheduled = outbox.send_after, now() + timedelta(seconds=undo_seconds), False
    session.add(outbox)
    enqueue(session, "deliver", f"{outbox.key}-now-{int(now().timestamp() * 1000)}", outbox.id, delay=undo_seconds)
    audit.append(session, "unscheduled", actor=user.actor, ticket_id=outbox.ticket_id, outbox=outbox.id, was=was)
    return outbox


def is_due(outbox: Outbox, undo_seconds: float) -> bool:
    """Whether a held message may leave now. A time that was chosen, or put off by "send now", is waited for: a piece of work
    that was meant for an earlier one, such as the end of the first moment to undo, finds that it may not.
    """
    first = outbox.created_at + timedelta(seconds=undo_seconds)
    moved = outbox.scheduled or outbox.send_after > first + _CLOSE
    return not moved or outbox.send_after <= now() + _CLOSE


def business_morning(session: Session, ticket: Ticket) -> datetime:
    """The next beginning of the customer's business day (UTC): nine o'clock of a working day where they live.

    Where nobody knows where that is, it is the team's own zone.
    """
    customer = session.get(Customer, ticket.customer_id) if ticket.customer_id else None
    zone = zone_of(customer.country) if customer else None
    return next_opening(now(), zone or desk_hours(session).zone)


def next_opening(moment: datetime, zone: ZoneInfo) -> datetime:
    """The first nine o'clock of a Monday to Friday after `moment`, by the clock of `zone`; in the zone of `moment`."""
    local = moment.astimezone(zone)
    for days in range(8):
        opening = datetime.combine(local.date() + timedelta(days=days), OPENS, zone)
        if opening.weekday() < 5 and opening > moment:
            return opening.astimezone(moment.tzinfo)
    raise AssertionError("every week has a Monday")


@cache
def zone_of(country: str) -> ZoneInfo | None:
    """The zone of most people of a country, by its ISO code; None when it is unknown. Source: zone.tab of the tz database."""
    lines = _zone_lines()
    name = next((zone for code, zone in lines if code == country.strip().upper()), None)
    return ZoneInfo(name) if name else None


@cache
def _zone_lines() -> list[tuple[str, str]]:
    """(country, zone) in the order of the file, which names each country's largest zone first."""
    places = [Path(folder, "zone.tab") for folder in TZPATH]
    text = next((place.read_text(encoding="utf-8") for place in places if place.is_file()), None)
    if text is None:
        try:
            text = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
        except (ModuleNotFoundError, FileNotFoundError):
            return []
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [(row[0], row[2]) for row in rows if len(row) >= 3]


def _held(session: Session, user: User, decision_id: int) -> Outbox:
    """The message of a decision, while it waits and for whoever may take it back."""
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    decision = session.get(Decision, decision_id)
    outbox = locks.outbox_of(session, decision_id)
    if decision is None or outbox is None:
        raise InputError("There is no message to send later.")
    if decision.user_id != user.id and not access.may(user, Permission.DECIDE_SENSITIVE):
        raise AccessError("Only the person who approved it, or a manager, can change when it is sent.")
    if outbox.status != "held":
        raise ConflictError("It is too late: this message is on its way or was taken back.")
    return outbox
