"""The queue as people see it: views, search, order, pages and counts, all done by the database and all of it bounded.

Sorted by the time left until the promised answer, weighted by risk: a risky ticket due in three hours
stands beside a calm one due in one. What is overdue comes first, the riskiest of it before the rest.
What only a manager decides stands behind what the person can decide. Where finished tickets are listed
too, what waits comes first, and the finished ones follow by their newest change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, literal_column, not_, or_, true
from sqlmodel import Session, col, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.database import documents, pressing
from triage.database.documents import TICKETS
from triage.models import (
    AT_WORK,
    DECIDABLE,
    WAITS_FOR_PERSON,
    AuditEvent,
    Order,
    Status,
    TeamMember,
    Ticket,
    User,
    now,
)
from triage.reviewing import copies
from triage.tickets import queue_lines, ticket_filter
from triage.tickets.queue_lines import QueueRow
from triage.tickets.ticket_filter import Wanted

PAGE = 30
FEW = 250  # tickets that a search sorts at once; of more it finds the newest, and among the open ones the most pressing
MOST_COUNTED = 999
_WAITING = sorted(str(status) for status in WAITS_FOR_PERSON)
_AT_WORK = sorted(str(status) for status in AT_WORK)


class View(StrEnum):
    """What the queue can be narrowed to; the value stands in the address."""

    NEEDS = "needs"
    MANAGER = "manager"
    ESCALATED = "escalated"
    MINE = "mine"
    GROUPS = "groups"
    UNASSIGNED = "unassigned"
    QUARANTINED = "quarantined"
    FAILED = "failed"
    INCIDENTS = "incidents"
    SNOOZED = "snoozed"
    WORKING = "working"
    SENT = "sent"
    RESOLVED = "resolved"
    ALL = "all"


_BY_CHANGE: dict[View, tuple[Status, ...]] = {  # views that list the newest change first
    View.SENT: (Status.APPROVED, Status.DELIVERING, Status.DELIVERED),
    View.RESOLVED: (Status.RESOLVED,),
    View.WORKING: tuple(sorted(AT_WORK)),
}


@dataclass(frozen=True)
class QueuePage:
    """`more_than`: there are more than `total`, which nobody has counted."""

    rows: list[QueueRow]
    total: int
    page: int
    pages: int
    more_than: bool = False


def listing(
    session: Session, user: User, view: View = View.NEEDS, *, find: str = "", page: int = 1, size: int = PAGE,
    numbers: Mapping[View, int] | None = None,
) -> QueuePage:  # fmt: skip
    """One page of a view, most pressing first; `find` is a ticket number, an order number, words, or filters.

    However many tickets there are, no more is read than the pages before, or the open ones that a filter asks about.
    `numbers` are those of `counts`, when they have just been read.
    """
    asked = _ask(session, user, view, find)
    whole = not asked.filtered and asked.found is None and view != View.INCIDENTS  # which lists finished tickets too
    known = (numbers or {}).get(view) if whole else None
    total = _count(session, asked) if known is None else known
    page = max(1, page)
    if total is not None and total <= MOST_COUNTED:
        page = min(page, max(1, -(-total // size)))
    ids = _ids(session, asked, size + 1, (page - 1) * size)
    shown, more = ids[:size], len(ids) > size
    seen = (page - 1) * size + len(ids)
    number = max(seen, min(total or 0, MOST_COUNTED))
    pages = max(page + more, -(-number // size))
    rows = queue_lines.of(session, user, shown)
    if view == View.NEEDS and page == 1 and not find:
        rows = queue_lines.with_exercise(session, user, rows)
    return QueuePage(rows, number, page, pages, more_than=(number == seen and more) or number < (total or 0))


def arriving(session: Session, user: User, limit: int = 5, *, total: int | None = None) -> QueuePage:
    """The newest tickets the agents are at work on, and how many there are in all; `total`, when that has just been counted."""
    total = at_work(session) if total is None else total
    if not total:
        return QueuePage([], 0, 1, 1)
    by_number = (col(Ticket.id) + 0).desc()  # by itself the number's index would be read to its end where nothing is at work
    newest = session.exec(select(Ticket.id).where(col(Ticket.status).in_(_AT_WORK)).order_by(by_number).limit(limit)).all()
    return QueuePage(queue_lines.of(session, user, [number or 0 for number in newest]), total, 1, 1)


def at_work(session: Session) -> int:
    """How many tickets the agents are at work on; beyond `MOST_COUNTED` one more than that."""
    return int(session.execute(select(_bounded(and_(pressing.is_open(), col(Ticket.status).in_(_AT_WORK))))).scalar_one())


def counts(session: Session, user: User) -> dict[View, int]:
    """How many tickets stand in each open view, at most `MOST_COUNTED` + 1; finished ones are not counted, they only grow."""
    views = [view for view in View if view not in (View.SENT, View.RESOLVED, View.ALL)]
    conditions = _conditions(user)
    numbers = [_bounded(and_(pressing.is_open(), conditions[view])).label(view.value) for view in views]
    row = session.execute(select(*numbers)).one()
    return {view: int(number) for view, number in zip(views, row, strict=True)}


def following(
    session: Session, user: User, view: View, ticket_id: int, *, find: str = "", below: Sequence[int] = (), only: bool = False
) -> int | None:
    """The ticket to open after this one: the first of those `below` that still waits in the view, else the most pressing.

    With `only` none but those `below`. What somebody else has open comes last. None when nothing there waits for a person.
    """
    if view in _BY_CHANGE:
        return None
    asked = _ask(session, user, view, find)
    waits = and_(asked.where, col(Ticket.status).in_(_WAITING), col(Ticket.id) != ticket_id)
    waiting = copies.waiting(session, user) if below else None
    exercise = {waiting.ticket_id} - {ticket_id} if waiting else set()
    free = or_(col(Ticket.claimed_until).is_(None), col(Ticket.claimed_until) <= now(), col(Ticket.claimed_by) == user.id)
    for where in (and_(waits, free), waits):
        if below:
            still = set(session.exec(select(Ticket.id).where(where, col(Ticket.id).in_(below))).all()) | exercise
            if found := next((number for number in below if number in still), None):
                return found
        if not only and (first := _open(session, replace(asked, where=where), 1, 0)):
            return first[0]
    return None


def changes(session: Session) -> int:
    """A number that grows whenever something happens at the desk: every action leaves its event. One look into an index."""
    return session.exec(select(func.max(AuditEvent.id))).one() or 0


def opened_only(session: Session, user: User, since: int) -> tuple[bool, int]:
    """Whether all that happened since that number (`changes`) is that this person opened tickets, and the number now."""
    own = and_(col(AuditEvent.kind) == "opened", col(AuditEvent.actor) == user.actor)
    happened = select(func.max(AuditEvent.id), func.count().filter(not_(own))).where(col(AuditEvent.id) > since)
    newest, others = session.exec(happened).one()
    return others == 0, newest or since


# ---- how a page is found ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """A question to the queue. `direct`: what it asks for are so few that they are sorted at once; `found`: newest first."""

    view: View
    where: ColumnElement[bool]
    apart: bool
    filtered: bool = False
    direct: bool = False
    found: list[int] | None = None
    common: bool = False


def _ask(session: Session, user: User, view: View, find: str) -> _Asked:
    wanted = ticket_filter.parse(find)
    where = _conditions(user)[view]
    filters = ticket_filter.condition(session, user, wanted)
    if filters is not None:
        where = and_(where, filters)
    apart = not access.may(user, Permission.DECIDE_SENSITIVE)
    asked = _Asked(view, where, apart, filtered=filters is not None, direct=view == View.INCIDENTS)
    if not wanted.words:
        return asked
    found = _found(session, wanted)
    if len(found) <= FEW:
        return replace(asked, where=and_(where, col(Ticket.id).in_(found)), direct=True, found=found)
    sqlite = session.get_bind().dialect.name == "sqlite"
    holds = documents.holds(session, TICKETS, ticket_filter.terms(wanted), col(Ticket.id))
    return replace(asked, where=and_(where, holds), direct=sqlite, found=found, common=True, filtered=True)


def _found(session: Session, wanted: Wanted) -> list[int]:
    """The newest tickets with these words, one more than `FEW` at most: by number, by order, and by what was written."""
    terms, text = ticket_filter.terms(wanted), wanted.words
    found: list[int | None] = []
    number = text.removeprefix("#")
    if number.isdecimal() and number.isascii() and len(number) < 10:
        found += session.exec(select(Ticket.id).where(col(Ticket.id) == int(number))).all()
        if text != number:
            return [one for one in found if one]
    if " " not in text:
        of_customer = select(Order.customer_id).where(col(Order.number).in_({text, text.upper()}))
        newest = select(Ticket.id).where(col(Ticket.customer_id).in_(of_customer)).order_by((col(Ticket.id) + 0).desc())
        found += session.exec(newest.limit(FEW)).all()
    if terms:
        found += documents.newest(session, TICKETS, terms, FEW + 1)
    return list(dict.fromkeys(one for one in found if one))


def _ids(session: Session, asked: _Asked, limit: int, offset: int) -> list[int]:
    if statuses := _BY_CHANGE.get(asked.view):
        return _newest(session, asked, statuses, limit, offset)
    ids = _open(session, asked, limit, offset)
    if asked.view == View.ALL and len(ids) < limit:
        before = offset and _exactly(session, and_(pressing.is_open(), asked.where))
        ids += _newest(session, asked, pressing.DONE, limit - len(ids), max(0, offset - before))
    return ids


def _open(session: Session, asked: _Asked, limit: int, offset: int) -> list[int]:
    dialect = session.get_bind().dialect.name
    if asked.direct:
        open_ = asked.where if asked.view == View.INCIDENTS else and_(pressing.is_open(), asked.where)
        apart: list[Any] = [pressing.for_manager()] if asked.apart else []
        due = col(Ticket.due_at)
        order = [*apart, pressing.pressing(due, pressing.weight()), col(Ticket.id)]
        statement: Any = select(Ticket.id).where(open_).order_by(*order).limit(limit).offset(offset)
    else:
        only = 1 if asked.view == View.MANAGER else None
        statement = pressing.first_open(asked.where, dialect, apart=asked.apart, limit=limit, offset=offset, only=only)
    return [int(number) for number in session.execute(statement).scalars()]


def _newest(session: Session, asked: _Asked, statuses: Sequence[Status], limit: int, offset: int) -> list[int]:
    if asked.found is not None:
        where = and_(asked.where, col(Ticket.id).in_(asked.found), col(Ticket.status).in_([str(status) for status in statuses]))
        order = (col(Ticket.updated_at).desc(), col(Ticket.id).desc())
        statement: Any = select(Ticket.id).where(where).order_by(*order).limit(limit).offset(offset)
    else:
        statement = pressing.newest(asked.where, statuses, limit=limit, offset=offset)
    return [int(number) for number in session.execute(statement).scalars()]


def _count(session: Session, asked: _Asked) -> int | None:
    """How many tickets are asked for, `MOST_COUNTED` + 1 for more than that; None where counting would mean to read them all."""
    done = asked.view in _BY_CHANGE or asked.view == View.ALL
    if asked.common or (asked.filtered and done and asked.found is None):
        return None
    open_only = not done and asked.view != View.INCIDENTS
    where = and_(pressing.is_open(), asked.where) if open_only else asked.where
    return int(session.execute(select(_bounded(where))).scalar_one())


def _bounded(where: ColumnElement[bool]) -> Any:
    few = select(literal(1)).select_from(Ticket).where(where).limit(MOST_COUNTED + 1).subquery()
    return select(func.count()).select_from(few).scalar_subquery()


def _exactly(session: Session, where: ColumnElement[bool]) -> int:
    return session.exec(select(func.count()).select_from(Ticket).where(where)).one()


def _conditions(user: User) -> dict[View, ColumnElement[bool]]:
    """What each view asks of a ticket."""
    status = col(Ticket.status)
    awake = or_(col(Ticket.snoozed_until).is_(None), col(Ticket.snoozed_until) <= now())
    waits = and_(status.in_(DECIDABLE | {Status.FAILED}), awake)
    return {
        View.NEEDS: waits,
        View.MANAGER: and_(status.in_(DECIDABLE), _for_a_manager(), awake),
        View.ESCALATED: and_(status == Status.ESCALATED, awake),
        View.MINE: and_(status.in_(WAITS_FOR_PERSON), col(Ticket.assignee_id) == user.id, awake),
        View.GROUPS: and_(waits, col(Ticket.team).in_(select(TeamMember.team).where(TeamMember.user_id == user.id))),
        View.UNASSIGNED: and_(waits, col(Ticket.assignee_id).is_(None)),
        View.QUARANTINED: status == Status.QUARANTINED,
        View.FAILED: status == Status.FAILED,
        View.INCIDENTS: col(Ticket.id).in_(queue_lines.IN_INCIDENTS),
        View.SNOOZED: and_(status.in_(WAITS_FOR_PERSON), col(Ticket.snoozed_until) > now()),
        View.WORKING: status.in_(AT_WORK),
        View.SENT: status.in_([Status.APPROVED, Status.DELIVERING, Status.DELIVERED]),
        View.RESOLVED: status == Status.RESOLVED,
        View.ALL: true(),
    }


def _for_a_manager() -> ColumnElement[bool]:
    return pressing.for_manager() == literal_column("1")
