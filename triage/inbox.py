"""The queue as people see it: views, search, order, pages and counts, all done by the database.

Sorted by the time left until the promised answer, weighted by risk: a risky ticket due in three hours
stands beside a calm one due in one. What is overdue comes first, the riskiest of it before the rest.
What only a manager decides stands behind what the person can decide. Where finished tickets are listed
too, what waits comes first, and the finished ones follow by their newest change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, case, extract, false, func, or_
from sqlmodel import Session, col, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import (
    AT_WORK,
    DECIDABLE,
    WAITS_FOR_PERSON,
    BlockedAction,
    Category,
    Customer,
    Draft,
    Incident,
    IncidentMember,
    Message,
    Order,
    Status,
    TeamMember,
    Ticket,
    User,
    now,
)

T = TypeVar("T")

PAGE = 30
_SIGNED_OFF = ("granted", "refused")
_IN_INCIDENTS = (
    select(IncidentMember.ticket_id)
    .join(Incident, col(Incident.id) == IncidentMember.incident_id)
    .where(col(Incident.state).in_(("proposed", "open")), col(IncidentMember.out).is_(False))
)


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


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue. `unsupported` and `facts` count the factual sentences of the waiting draft."""

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
    draft_kind: str | None
    facts: int
    unsupported: int
    confidence: float
    blocked: int
    incident: bool = False


@dataclass(frozen=True)
class QueuePage:
    rows: list[QueueRow]
    total: int
    page: int
    pages: int


def listing(
    session: Session, user: User, view: View = View.NEEDS, *, find: str = "", page: int = 1, size: int = PAGE
) -> QueuePage:
    """One page of a view, most pressing first; `find` is a ticket number, an order number or words."""
    where = and_(_condition(view, user), _matches(find))
    total = session.exec(select(func.count()).select_from(Ticket).where(where)).one()
    pages = max(1, -(-total // size))
    page = min(max(1, page), pages)
    statement = _ordered(select(Ticket).where(where), view, user).limit(size).offset((page - 1) * size)
    return QueuePage(_rows(session, user, session.exec(statement).all()), total, page, pages)


def arriving(session: Session, user: User, limit: int = 5) -> QueuePage:
    """The newest tickets the agents are at work on, and how many there are in all."""
    where = _condition(View.WORKING, user)
    total = session.exec(select(func.count()).select_from(Ticket).where(where)).one()
    newest = session.exec(select(Ticket).where(where).order_by(col(Ticket.id).desc()).limit(limit)).all()
    return QueuePage(_rows(session, user, newest), total, 1, 1)


def at_work(session: Session) -> int:
    """How many tickets the agents are at work on."""
    return session.exec(select(func.count()).select_from(Ticket).where(col(Ticket.status).in_(AT_WORK))).one()


def counts(session: Session, user: User) -> dict[View, int]:
    """How many tickets stand in each open view; finished ones are not counted, they only grow."""
    views = [view for view in View if view not in (View.SENT, View.RESOLVED, View.ALL)]
    sums = [func.coalesce(func.sum(case((_condition(view, user), 1), else_=0)), 0).label(view.value) for view in views]
    open_ = col(Ticket.status).in_(WAITS_FOR_PERSON | AT_WORK)
    row = session.execute(select(*sums).where(open_)).one()
    return {view: int(number) for view, number in zip(views, row, strict=True)}


def neighbours(session: Session, user: User, view: View, ticket_id: int, *, find: str = "") -> list[int]:
    """The view's first hundred tickets that wait for a person, in order, without this one: what comes next after a decision."""
    waits = col(Ticket.status).in_(WAITS_FOR_PERSON)
    where = and_(_condition(view, user), waits, _matches(find), col(Ticket.id) != ticket_id)
    ids = session.exec(_ordered(select(Ticket.id).where(where), view, user).limit(100)).all()
    return [number for number in ids if number is not None]


def _condition(view: View, user: User) -> ColumnElement[bool]:
    status = col(Ticket.status)
    awake = or_(col(Ticket.snoozed_until).is_(None), col(Ticket.snoozed_until) <= now())
    waits = and_(status.in_(DECIDABLE | {Status.FAILED}), awake)
    conditions: dict[View, ColumnElement[bool]] = {
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
        View.ALL: col(Ticket.id).is_not(None),
    }
    return conditions[view]


def _for_a_manager() -> ColumnElement[bool]:
    return or_(col(Ticket.approver) == "manager", col(Ticket.status) == Status.ESCALATED)


def _matches(find: str) -> ColumnElement[bool]:
    """Words are looked for in subject, requester and messages; all of them must be there."""
    text = find.strip()
    if not text:
        return col(Ticket.id).is_not(None)
    number = text.lstrip("#")
    if number.isdecimal() and len(number) < 10:
        return col(Ticket.id) == int(number)
    by_order = col(Ticket.customer_id).in_(select(Order.customer_id).where(func.upper(Order.number) == text.upper()))
    return or_(by_order, *[and_(*[_has(word) for word in text.split()[:6]])])


def _has(word: str) -> ColumnElement[bool]:
    fields = [col(Ticket.subject), col(Ticket.requester_name), col(Ticket.requester_email)]
    in_ticket: list[ColumnElement[bool]] = [field.icontains(word, autoescape=True) for field in fields]
    if len(word) < 3:
        return or_(*in_ticket)
    in_message = select(Message.ticket_id).where(col(Message.body).icontains(word, autoescape=True))
    return or_(*in_ticket, col(Ticket.id).in_(in_message))


def _ordered(statement: Any, view: View, user: User) -> Any:
    if view in (View.SENT, View.RESOLVED, View.WORKING):
        return statement.order_by(col(Ticket.updated_at).desc(), col(Ticket.id).desc())
    due = func.coalesce(col(Ticket.first_reply_due), col(Ticket.resolve_due))
    left = extract("epoch", due) - now().timestamp()
    weight = case((col(Ticket.risk) == "high", 4.0), (col(Ticket.risk) == "medium", 2.0), else_=1.0) * case(
        (col(Ticket.priority) == "urgent", 3.0), (col(Ticket.priority) == "high", 1.5), else_=1.0
    )
    pressing = case((due.is_(None), 1e12), (left < 0, left * weight), else_=left / weight)
    if view == View.ALL:
        waits = col(Ticket.status).in_(WAITS_FOR_PERSON | AT_WORK)
        changed = -extract("epoch", col(Ticket.updated_at))
        return statement.order_by(case((waits, 0), else_=1), case((waits, pressing), else_=changed), col(Ticket.id))
    if not access.may(user, Permission.DECIDE_SENSITIVE):
        return statement.order_by(case((_for_a_manager(), 1), else_=0), pressing, col(Ticket.id))
    return statement.order_by(pressing, col(Ticket.id))


def _rows(session: Session, user: User, tickets: Sequence[Ticket]) -> list[QueueRow]:
    """Rows with what stands in other tables, in six small queries however many rows there are."""
    ids = [ticket.id for ticket in tickets]
    drafts = {draft.id: draft for draft in _some(session, Draft, [ticket.draft_id for ticket in tickets])}
    people = {
        person.id: person.name for person in _some(session, User, [p for t in tickets for p in (t.assignee_id, t.claimed_by)])
    }
    customers = {customer.id: customer.name for customer in _some(session, Customer, [ticket.customer_id for ticket in tickets])}
    titles = dict(session.exec(select(Category.slug, Category.title)).all()) if tickets else {}
    blocked = dict(
        session.exec(
            select(BlockedAction.ticket_id, func.count())
            .where(col(BlockedAction.ticket_id).in_(ids), col(BlockedAction.status).not_in(_SIGNED_OFF))
            .group_by(col(BlockedAction.ticket_id))
        ).all()
        if ids
        else []
    )
    grouped = set(session.exec(_IN_INCIDENTS.where(col(IncidentMember.ticket_id).in_(ids)))) if ids else set()
    rows = [_row(ticket, user, drafts.get(ticket.draft_id), people, customers, titles, blocked) for ticket in tickets]
    return [replace(row, incident=True) if row.id in grouped else row for row in rows]


def _some(session: Session, table: type[T], ids: Sequence[int | None]) -> Sequence[T]:
    wanted = {number for number in ids if number is not None}
    where = table.id.in_(wanted) if wanted else false()  # type: ignore[attr-defined]
    return session.exec(select(table).where(where)).all()


def _row(
    ticket: Ticket,
    user: User,
    draft: Draft | None,
    people: dict[int | None, str],
    customers: dict[int | None, str],
    titles: dict[str, str],
    blocked: dict[int, int],
) -> QueueRow:
    facts, unsupported = support(draft)
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
        due=ticket.first_reply_due or ticket.resolve_due,
        created_at=ticket.created_at,
        snoozed_until=ticket.snoozed_until if ticket.snoozed_until and ticket.snoozed_until > now() else None,
        assignee=people.get(ticket.assignee_id),
        looking=people.get(someone) if someone != user.id else None,
        draft_kind=draft.kind if draft else None,
        facts=facts,
        unsupported=unsupported,
        confidence=draft.confidence if draft else ticket.confidence,
        blocked=blocked.get(ticket.id or 0, 0),
    )


def support(draft: Draft | None) -> tuple[int, int]:
    """(factual sentences, those of them without support) of a draft."""
    if draft is None:
        return 0, 0
    facts = [
        sentence
        for sentence in draft.sentences
        if sentence.get("kind") in ("fact", "step") or not sentence.get("supported", True)
    ]
    return len(facts), sum(not sentence.get("supported", True) for sentence in facts)
