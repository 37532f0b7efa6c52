"""What people type into the search of the queue: words, and filters such as `is:escalated from:ana before:2026-11-01`.

A filter with a minus in front leaves out what it names. A name that is no filter's is a word like any other.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlmodel import Session, col

from triage.database import documents
from triage.database.documents import TICKETS, Term
from triage.models import (
    AT_WORK,
    DECIDABLE,
    WAITS_FOR_PERSON,
    Category,
    Priority,
    Sentiment,
    Status,
    Ticket,
    User,
    now,
)
from triage.spoken import UNSPEAKABLE
from triage.tickets import fields, tags

UNSURE = 0.5  # below this confidence a draft is called unsure, as in its chip
_PART = re.compile(r'(-?)([a-z]{1,20}):(?:"([^"]*)"|(\S+))')
_MOST = 12
LONGEST = 1_000  # characters of a search; what an address holds beyond them is not read


@dataclass(frozen=True)
class Filter:
    """One `name:value`; with `out` it leaves out what it names."""

    name: str
    value: str
    out: bool = False

    def __str__(self) -> str:
        value = f'"{self.value}"' if " " in self.value else self.value
        return f"{'-' * self.out}{self.name}:{value}"


@dataclass(frozen=True)
class Wanted:
    """A search, taken apart: the words, and the filters."""

    words: str = ""
    filters: tuple[Filter, ...] = ()

    def __str__(self) -> str:
        return " ".join([*map(str, self.filters), self.words]).strip()

    def value(self, name: str) -> str:
        """What a filter that keeps is set to; "" when it is not there."""
        return next((each.value for each in self.filters if each.name == name and not each.out), "")

    def with_filter(self, name: str, value: str) -> "Wanted":
        """The same search with one filter set, or without it for ""."""
        others = tuple(each for each in self.filters if each.name != name or each.out)
        return Wanted(self.words, (*others, Filter(name, value)) if value else others)


def parse(text: str) -> Wanted:
    """Take a search apart; never raises."""
    filters: list[Filter] = []

    def take(found: re.Match[str]) -> str:
        out, name, quoted, plain = found.groups()
        value = (quoted if quoted is not None else plain).strip()
        name = _ALSO.get(name, name)
        if name not in _CONDITIONS or not value or len(filters) == _MOST:
            return found.group()
        filters.append(Filter(name, value, bool(out)))
        return " "

    rest = _PART.sub(take, UNSPEAKABLE.sub(" ", text[:LONGEST]))
    return Wanted(" ".join(rest.split()), tuple(filters))


def speakable(text: str) -> str:
    """A text in one line, without what no database takes."""
    return " ".join(UNSPEAKABLE.sub(" ", text).split())


def problems(wanted: Wanted) -> list[str]:
    """What in the filters can match nothing, in words."""
    told = []
    for each in wanted.filters:
        if each.name in ("before", "after") and _day(each.value) is None:
            told.append(f"{each.name}: needs a day such as 2026-11-01")
        if each.name == "is" and each.value.lower() not in _IS:
            told.append(f"is: knows {', '.join(_IS)}")
    return told


def condition(session: Session, user: User, wanted: Wanted) -> ColumnElement[bool] | None:
    """What all filters ask of a ticket; None without any."""
    asked = []
    for each in wanted.filters:
        one = _CONDITIONS[each.name](session, user, each.value)
        asked.append(not_(func.coalesce(one, false())) if each.out else one)
    return and_(*asked) if asked else None


def terms(wanted: Wanted) -> list[Term]:
    """What the words ask of a ticket's texts."""
    return documents.terms(wanted.words)


# ---- the filters --------------------------------------------------------------------------------------------

Condition = Callable[[Session, User, str], ColumnElement[bool]]


def _from(session: Session, _user: User, value: str) -> ColumnElement[bool]:
    wanted = documents.terms(value, "who")
    return col(Ticket.id).in_(documents.matching(session, TICKETS, wanted)) if wanted else false()


def _about(session: Session, _user: User, value: str) -> ColumnElement[bool]:
    wanted = documents.terms(value, "subject")
    return col(Ticket.id).in_(documents.matching(session, TICKETS, wanted)) if wanted else false()


def _category(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    named = select(col(Category.slug)).where(func.lower(Category.title) == value.lower())
    return or_(col(Ticket.category) == value.lower(), col(Ticket.category).in_(named))


def _assignee(_session: Session, user: User, value: str) -> ColumnElement[bool]:
    if value.lower() == "me":
        return col(Ticket.assignee_id) == user.id
    if value.lower() in ("none", "nobody"):
        return col(Ticket.assignee_id).is_(None)
    named = select(col(User.id)).where(or_(col(User.name).icontains(value, autoescape=True), col(User.email) == value.lower()))
    return col(Ticket.assignee_id).in_(named)


def _team(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    return func.lower(col(Ticket.team)) == value.lower()


def _tag(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    return tags.condition(value)


def _field(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    """field:serial_number=A-17, or field:serial_number for any value."""
    key, _, wanted = value.partition("=")
    return fields.condition(key.strip().lower(), wanted.strip())


def _is(_session: Session, user: User, value: str) -> ColumnElement[bool]:
    state = _IS.get(value.lower())
    return state(user) if state else false()


def _before(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    day = _day(value)
    return col(Ticket.created_at) < day if day else false()


def _after(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    day = _day(value)
    return col(Ticket.created_at) >= day if day else false()


def _on(_session: Session, _user: User, value: str) -> ColumnElement[bool]:
    day = _day(value)
    return and_(col(Ticket.created_at) >= day, col(Ticket.created_at) < day + timedelta(days=1)) if day else false()


def _day(value: str) -> datetime | None:
    """The beginning of a day, UTC; today and yesterday are days too."""
    words = {"today": 0, "yesterday": 1}
    if value.lower() in words:
        today = now().replace(hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=words[value.lower()])
    try:
        day = datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day if day.year < datetime.max.year else None  # the day after it has to be one too


def _status(*statuses: Status) -> Callable[[User], ColumnElement[bool]]:
    return lambda _user: col(Ticket.status).in_([str(status) for status in statuses])


_IS: dict[str, Callable[[User], ColumnElement[bool]]] = {
    "open": _status(*sorted(WAITS_FOR_PERSON | AT_WORK)),
    "waiting": _status(*sorted(DECIDABLE)),
    "escalated": _status(Status.ESCALATED),
    "rejected": _status(Status.REJECTED),
    "failed": _status(Status.FAILED),
    "quarantined": _status(Status.QUARANTINED),
    "answered": _status(Status.APPROVED, Status.DELIVERING, Status.DELIVERED),
    "resolved": _status(Status.RESOLVED),
    "done": _status(Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.RESOLVED),
    "overdue": lambda _user: and_(
        col(Ticket.status).in_([str(status) for status in sorted(WAITS_FOR_PERSON)]), col(Ticket.due_at) < now()
    ),
    "snoozed": lambda _user: col(Ticket.snoozed_until) > now(),
    "mine": lambda user: col(Ticket.assignee_id) == user.id,
    "unassigned": lambda _user: col(Ticket.assignee_id).is_(None),
    "manager": lambda _user: col(Ticket.approver) == "manager",
    "upset": lambda _user: col(Ticket.sentiment) == str(Sentiment.NEGATIVE),
    "unsure": lambda _user: col(Ticket.confidence) < UNSURE,
    "sure": lambda _user: col(Ticket.confidence) >= UNSURE,
    "urgent": lambda _user: col(Ticket.priority) == str(Priority.URGENT),
}

_CONDITIONS: dict[str, Condition] = {
    "is": _is,
    "from": _from,
    "subject": _about,
    "category": _category,
    "priority": lambda _session, _user, value: col(Ticket.priority) == value.lower(),
    "language": lambda _session, _user, value: col(Ticket.language) == value.lower(),
    "channel": lambda _session, _user, value: col(Ticket.channel) == value.lower(),
    "assignee": _assignee,
    "team": _team,
    "tag": _tag,
    "field": _field,
    "before": _before,
    "after": _after,
    "on": _on,
}
_ALSO = {"lang": "language", "group": "team", "to": "assignee", "with": "assignee"}
NAMES = tuple(_CONDITIONS)
STATES = tuple(_IS)
