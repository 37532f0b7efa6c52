"""Who wants to hear what, by which way, and when not to be disturbed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from triage import audit
from triage.accounts import access
from triage.errors import InputError, SettingsError
from triage.models import NoticeSettings, User, now
from triage.notifications import events
from triage.notifications.events import DESK, EVENTS, MAIL
from triage.sla.hours import DAY, zone_of

CHOSEN = "notice_choice"
"""The kind of audit events that say what somebody chose, and what they had chosen before."""
EVERY = {
    1: "at once, a message a minute at most",
    5: "every 5 minutes",
    15: "every 15 minutes",
    60: "every hour",
    1440: "once a day",
}


def of(session: Session, user: User) -> NoticeSettings:
    """A person's settings; those of somebody who never changed any are not stored."""
    return session.get(NoticeSettings, user.id) or NoticeSettings(user_id=user.id or 0, mailed_upto=user.created_at)


def own(session: Session, user: User) -> NoticeSettings:
    """A person's settings as a row to change."""
    row = session.get(NoticeSettings, user.id, with_for_update=True)
    if row is None:
        row = NoticeSettings(user_id=user.id or 0, mailed_upto=now())
        session.add(row)
        session.flush()
    return row


def ways_of(kept: NoticeSettings, event: str) -> list[str]:
    """The ways by which a person is told of an event."""
    if event in kept.events:
        return [way for way in kept.events[event] if way in EVENTS[event].ways]
    return [way for way in (DESK, *[MAIL] * events.by_mail(event)) if way in EVENTS[event].ways]


def choose(session: Session, user: User, event: str, ways: Sequence[str]) -> None:
    """Be told of an event by these ways and no other. Raises InputError for an event or way that does not exist."""
    user = access.fresh(session, user)
    if event not in EVENTS or any(way not in EVENTS[event].ways for way in ways) or not events.is_for(event, user.role):
        raise InputError("There is no such event or way to be told; reload the page.")
    row = own(session, user)
    was, chosen = ways_of(row, event), list(dict.fromkeys(ways))
    row.events = {**row.events, event: chosen}
    session.add(row)
    audit.append(session, CHOSEN, actor=user.actor, event=event, ways=chosen, was=was)


def pace(session: Session, user: User, minutes: int) -> None:
    """Get one message in so many minutes at most, with everything that came meanwhile."""
    user = access.fresh(session, user)
    if minutes not in EVERY:
        raise InputError("Choose one of " + ", ".join(EVERY.values()) + ".")
    row = own(session, user)
    was, row.every = row.every, minutes
    session.add(row)
    audit.append(session, CHOSEN, actor=user.actor, every=minutes, was=was)


def be_quiet(session: Session, user: User, *, begins: str, ends: str, zone: str, weekends: bool = False) -> None:
    """Hold messages from `begins` to `ends` ("22:00", "07:00") in a time zone, with `weekends` all Saturday and Sunday too.

    Both empty: no quiet hours. Raises InputError for times that cannot be read.
    """
    user = access.fresh(session, user)
    row = own(session, user)
    was = row.quiet
    if not begins.strip() and not ends.strip() and not weekends:
        row.quiet = {}
    else:
        try:
            zone_of(zone)
        except SettingsError as error:
            raise InputError(str(error)) from error
        if begins.strip() or ends.strip():
            _minute(begins), _minute(ends)
        row.quiet = {"from": begins.strip(), "to": ends.strip(), "zone": zone, "weekends": weekends}
    session.add(row)
    audit.append(session, CHOSEN, actor=user.actor, quiet=row.quiet, was=was)


def is_quiet(quiet: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a person is not to be disturbed now, by the clock of their own zone."""
    if not quiet:
        return False
    local = moment.astimezone(zone_of(str(quiet["zone"])))
    if quiet.get("weekends") and local.weekday() >= 5:
        return True
    if not quiet.get("from") or not quiet.get("to"):
        return False
    begins, ends, at = _minute(str(quiet["from"])), _minute(str(quiet["to"])), local.hour * 60 + local.minute
    return begins <= at < ends if begins < ends else at >= begins or at < ends


def due(kept: NoticeSettings, last: datetime | None, moment: datetime) -> bool:
    """Whether the next message may leave now: no quiet hours, and the last one is long enough ago."""
    if is_quiet(kept.quiet, moment):
        return False
    return last is None or moment >= last + timedelta(minutes=kept.every) - timedelta(seconds=5)


def _minute(text: str) -> int:
    hours, _, minutes = text.strip().partition(":")
    if not (
        hours.isdecimal()
        and minutes.isdecimal()
        and len(minutes) == 2
        and int(hours) * 60 + int(minutes) < DAY
        and int(minutes) < 60
    ):
        raise InputError(f"“{text.strip()}” is no time of day; write it like 22:00.")
    return int(hours) * 60 + int(minutes)
