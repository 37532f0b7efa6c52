"""The queue as people see it: views, search, order, pages and counts, all done by the database and all of it bounded.

Sorted by the time left until the promised answer, weighted by risk: a risky ticket due in three hours
stands beside a calm one due in one. What is overdue comes first, the riskiest of it before the rest.
What only a manager decides stands behind what the person can decide. Where finished tickets are listed
too, what waits comes first, and the finished ones follow by their newest change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, literal, literal_column, or_, true
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
    BlockedAction,
    Category,
    Customer,
    Draft,
    Incident,
    IncidentMember,
    Order,
    Status,
    TeamMember,
    Ticket,
    User,
    now,
)
from triage.reviewing import copies
from triage.sla.reading import foremost
from triage.tickets import presence, ticket_filter
from triage.tickets.ticket_filter import Wanted

PAGE = 30
FEW = 250  # tickets that a search sorts at once; of more it finds the newest, and among the open ones the most pressing
MOST_COUNTED = 999
_PLACES = 5  # among which rows an exercise stands
_SIGNED_OFF = ("granted", "refused")
_IN_INCIDENTS = (
    select(IncidentMember.ticket_id)
    .join(Incident, col(Incident.id) == IncidentMember.incident_id)
    .where(col(Incident.state).in_(("proposed", "open")), col(IncidentMember.out).is_(False))
)


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
class QueueRow:
    """One line of the queue. `unsupported` and `facts` count the factual sentences of the newest draft.

    `due` is the promise worth a word, and `due_kind` whose it is; the queue's order goes by the ticket's own `due_at`.
    """

    id: int
    subject: str
    requester: str
    status: Status
    reason: str | None
    category: str
    priority: str
    sentiment: str
    language: str
    channel: str
    risk: str
    approver: str
    due: datetime | None
    created_at: datetime
    snoozed_until: datetime | None
    assignee: str | None
    looking: str | None
    writing: str | None
    draft_kind: str | None
    facts: int
    unsupported: int
    confidence: float
    blocked: int
    incident: bool = False
    due_kind: str = ""
    paused: str = ""
    draft_waits: bool = False


@dataclass(frozen=True)
class QueuePage:
    """`more_than`: there are more than `total`, which nobody has counted."""

    rows: list[QueueRow]
    total: int
    page: int
    pages: int
    more_than: bool = False


def listing(
    session: Session, user: User, view: View = View.NEEDS, *, find: str = "", page: int = 1, size: int = PAGE
) -> QueuePage:
    """One page of a view, most pressing first; `find` is a ticket number, an order number, words, or filters.

    However many tickets there are, no more is read than the pages before, or the open ones that a filter asks about.
    """
    asked = _ask(session, user, view, find)
    total = _count(session, asked)
    page = max(1, page)
    if total is not None and total <= MOST_COUNTED:
        page = min(page, max(1, -(-total // size)))
    ids = _ids(session, asked, size + 1, (page - 1) * size)
    shown, more = ids[:size], len(ids) > size
    seen = (page - 1) * size + len(ids)
    number = max(seen, min(total or 0, MOST_COUNTED))
    pages = max(page + more, -(-number // size))
    rows = rows_of(session, user, shown)
    if view == View.NEEDS and page == 1 and not find:
        rows = _with_exercise(session, user, rows)
    return QueuePage(rows, number, page, pages, more_than=(number == seen and more) or number < (total or 0))


def arriving(session: Session, user: User, limit: int = 5) -> QueuePage:
    """The newest tickets the agents are at work on, and how many there are in all."""
    by_number = (col(Ticket.id) + 0).desc()  # by itself the number's index would be read to its end where nothing is at work
    newest = session.exec(select(Ticket.id).where(col(Ticket.status).in_(_AT_WORK)).order_by(by_number).limit(limit)).all()
    return QueuePage(rows_of(session, user, [number or 0 for number in newest]), at_work(session), 1, 1)


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
        View.INCIDENTS: col(Ticket.id).in_(_IN_INCIDENTS),
        View.SNOOZED: and_(status.in_(WAITS_FOR_PERSON), col(Ticket.snoozed_until) > now()),
        View.WORKING: status.in_(AT_WORK),
        View.SENT: status.in_([Status.APPROVED, Status.DELIVERING, Status.DELIVERED]),
        View.RESOLVED: status == Status.RESOLVED,
        View.ALL: true(),
    }


def _for_a_manager() -> ColumnElement[bool]:
    return pressing.for_manager() == literal_column("1")


def rows_of(session: Session, user: User, ids: Sequence[int]) -> list[QueueRow]:
    """The lines of these tickets, in their order."""
    if not ids:
        return []
    found = {ticket.id: ticket for ticket in session.exec(select(Ticket).where(col(Ticket.id).in_(ids)))}
    return _rows(session, user, [found[number] for number in ids if number in found])


def _rows(session: Session, user: User, tickets: Sequence[Ticket]) -> list[QueueRow]:
    """Rows with what stands in other tables, in seven small queries however many rows there are."""
    ids = [ticket.id for ticket in tickets]
    drafts = _drafts(session, [ticket.draft_id for ticket in tickets])
    people = _names(session, User, [number for ticket in tickets for number in (ticket.assignee_id, ticket.claimed_by)])
    customers = _names(session, Customer, [ticket.customer_id for ticket in tickets])
    titles = dict(session.exec(select(Category.slug, Category.title)).all())
    blocked = dict(
        session.exec(
            select(BlockedAction.ticket_id, func.count())
            .where(col(BlockedAction.ticket_id).in_(ids), col(BlockedAction.status).not_in(_SIGNED_OFF))
            .group_by(col(BlockedAction.ticket_id))
        ).all()
    )
    grouped = set(session.exec(_IN_INCIDENTS.where(col(IncidentMember.ticket_id).in_(ids))))
    rows = [_row(ticket, user, drafts.get(ticket.draft_id), people, customers, titles, blocked) for ticket in tickets]
    writing = presence.writers(session, [row.id for row in rows], user.id)
    return [replace(row, incident=row.id in grouped, writing=writing.get(row.id)) for row in rows]


def _with_exercise(session: Session, user: User, rows: list[QueueRow]) -> list[QueueRow]:
    """The first page with the person's own exercise among its first few rows; it is in no count."""
    exercise = copies.waiting(session, user)
    if exercise is None:
        return rows
    ticket, draft = copies.ticket(exercise), copies.draft(exercise)
    titles = dict(session.exec(select(Category.slug, Category.title).where(Category.slug == ticket.category)).all())
    written = _Written(draft.kind, draft.status, draft.sentences, draft.confidence)
    due = min((row.due for row in rows if row.due), default=None)
    row = replace(_row(ticket, user, written, {}, {}, titles, {}), due=due, due_kind="first_reply" if due else "")
    place = exercise.ticket_id % _PLACES
    return [*rows[:place], row, *rows[place:]]


class _Written(NamedTuple):
    """What a line says of a draft; its text and its sources, which are long, are not read."""

    kind: str
    status: str
    sentences: list[dict[str, object]]
    confidence: float


def _drafts(session: Session, ids: Sequence[int | None]) -> dict[int | None, _Written]:
    columns = select(Draft.id, *(getattr(Draft, name) for name in _Written._fields))
    found = session.execute(columns.where(col(Draft.id).in_(_numbers(ids))))
    return {number: _Written(*rest) for number, *rest in found}


def _names(session: Session, table: type[User] | type[Customer], ids: Sequence[int | None]) -> dict[int | None, str]:
    if not (wanted := _numbers(ids)):
        return {}
    return dict(session.exec(select(table.id, table.name).where(col(table.id).in_(wanted))).all())


def _numbers(ids: Sequence[int | None]) -> set[int]:
    return {number for number in ids if number is not None}


def _row(
    ticket: Ticket,
    user: User,
    draft: _Written | None,
    people: dict[int | None, str],
    customers: dict[int | None, str],
    titles: dict[str, str],
    blocked: dict[int, int],
) -> QueueRow:
    facts, unsupported = support(draft.sentences if draft else ())
    due, due_kind = foremost(ticket)
    someone = ticket.claimed_by if ticket.claimed_until and ticket.claimed_until > now() else None
    return QueueRow(
        id=ticket.id or 0,
        subject=ticket.subject,
        requester=ticket.requester_name or customers.get(ticket.customer_id, "") or ticket.requester_email,
        status=Status(ticket.status),
        reason=ticket.reason,
        category=titles.get(ticket.category, ticket.category),
        priority=ticket.priority,
        sentiment=ticket.sentiment,
        language=ticket.language,
        channel=ticket.channel,
        risk=ticket.risk,
        approver=ticket.approver,
        due=due,
        due_kind=due_kind,
        paused=ticket.paused,
        created_at=ticket.created_at,
        snoozed_until=ticket.snoozed_until if ticket.snoozed_until and ticket.snoozed_until > now() else None,
        assignee=people.get(ticket.assignee_id),
        looking=people.get(someone) if someone != user.id else None,
        writing=None,
        draft_kind=draft.kind if draft else None,
        draft_waits=draft is not None and draft.status == "waiting",
        facts=facts,
        unsupported=unsupported,
        confidence=draft.confidence if draft else ticket.confidence,
        blocked=blocked.get(ticket.id or 0, 0),
    )


def support(sentences: Iterable[Mapping[str, object]]) -> tuple[int, int]:
    """(factual sentences, those of them without support) of a draft's sentences."""
    facts = [
        sentence for sentence in sentences if sentence.get("kind") in ("fact", "step") or not sentence.get("supported", True)
    ]
    return len(facts), sum(not sentence.get("supported", True) for sentence in facts)
