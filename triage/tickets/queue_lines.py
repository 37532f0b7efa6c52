"""The lines of the queue: a ticket with what stands in other tables, all of a page by one statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select as columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from triage.models import (
    BlockedAction,
    Category,
    Customer,
    Draft,
    EditClaim,
    Exercise,
    Incident,
    IncidentMember,
    Status,
    Ticket,
    User,
    now,
)
from triage.reviewing import copies
from triage.sla.reading import foremost

_PLACES = 5  # among which rows an exercise stands
_SIGNED_OFF = ("granted", "refused")
IN_INCIDENTS = (
    select(IncidentMember.ticket_id)
    .join(Incident, col(Incident.id) == IncidentMember.incident_id)
    .where(col(Incident.state).in_(("proposed", "open")), col(IncidentMember.out).is_(False))
)


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


class _Beside(NamedTuple):
    """What a line says of other tables. Of the draft its text and its sources, which are long, are not read."""

    draft_kind: str | None = None
    draft_status: str | None = None
    sentences: Sequence[Mapping[str, object]] | None = ()
    confidence: float | None = None
    title: str | None = None
    customer: str | None = None
    assignee: str | None = None
    looking: str | None = None
    writing: str | None = None
    blocked: int = 0
    incident: bool = False


def of(session: Session, user: User, ids: Sequence[int]) -> list[QueueRow]:
    """The lines of these tickets, in their order."""
    if not ids:
        return []
    found = {row[0].id: row for row in session.execute(_statement(user).where(col(Ticket.id).in_(ids)))}
    return [_row(found[number][0], user, _Beside(*found[number][1:])) for number in ids if number in found]


def with_exercise(session: Session, user: User, rows: list[QueueRow]) -> list[QueueRow]:
    """A first page with the person's own exercise among its first few rows; it is in no count."""
    exercise = copies.waiting(session, user)
    return rows if exercise is None else _among(session, user, rows, exercise)


def support(sentences: Iterable[Mapping[str, object]]) -> tuple[int, int]:
    """(factual sentences, those of them without support) of a draft's sentences."""
    facts = [
        sentence for sentence in sentences if sentence.get("kind") in ("fact", "step") or not sentence.get("supported", True)
    ]
    return len(facts), sum(not sentence.get("supported", True) for sentence in facts)


def _statement(user: User) -> Any:
    """Tickets with the columns of `_Beside`."""
    assignee, claimer = aliased(User), aliased(User)
    blocked = select(func.count()).where(BlockedAction.ticket_id == Ticket.id, col(BlockedAction.status).not_in(_SIGNED_OFF))
    writers = select(func.min(User.name)).join(EditClaim, col(EditClaim.user_id) == User.id)
    writing = writers.where(EditClaim.ticket_id == Ticket.id, EditClaim.until > now(), EditClaim.user_id != user.id)
    incident = IN_INCIDENTS.where(IncidentMember.ticket_id == Ticket.id).correlate(Ticket).exists()
    what: list[Any] = [
        Ticket, Draft.kind, Draft.status, Draft.sentences, Draft.confidence, Category.title, Customer.name, assignee.name,
        claimer.name, writing.correlate(Ticket).scalar_subquery(), blocked.correlate(Ticket).scalar_subquery(), incident,
    ]  # fmt: skip
    return (
        columns(*what)
        .outerjoin(Draft, col(Draft.id) == Ticket.draft_id)
        .outerjoin(Category, col(Category.slug) == Ticket.category)
        .outerjoin(Customer, col(Customer.id) == Ticket.customer_id)
        .outerjoin(assignee, col(assignee.id) == Ticket.assignee_id)
        .outerjoin(claimer, col(claimer.id) == Ticket.claimed_by)
    )


def _among(session: Session, user: User, rows: list[QueueRow], exercise: Exercise) -> list[QueueRow]:
    ticket, draft = copies.ticket(exercise), copies.draft(exercise)
    title = session.exec(select(Category.title).where(Category.slug == ticket.category)).first()
    due = min((row.due for row in rows if row.due), default=None)
    written = _Beside(draft.kind, draft.status, draft.sentences, draft.confidence, title)
    row = replace(_row(ticket, user, written), due=due, due_kind="first_reply" if due else "")
    place = exercise.ticket_id % _PLACES
    return [*rows[:place], row, *rows[place:]]


def _row(ticket: Ticket, user: User, beside: _Beside) -> QueueRow:
    facts, unsupported = support(beside.sentences or ())
    due, due_kind = foremost(ticket)
    held = ticket.claimed_until is not None and ticket.claimed_until > now() and ticket.claimed_by != user.id
    return QueueRow(
        id=ticket.id or 0,
        subject=ticket.subject,
        requester=ticket.requester_name or beside.customer or ticket.requester_email,
        status=Status(ticket.status),
        reason=ticket.reason,
        category=ticket.category if beside.title is None else beside.title,
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
        assignee=beside.assignee,
        looking=beside.looking if held else None,
        writing=beside.writing,
        draft_kind=beside.draft_kind,
        draft_waits=beside.draft_status == "waiting",
        facts=facts,
        unsupported=unsupported,
        confidence=ticket.confidence if beside.confidence is None else beside.confidence,
        blocked=beside.blocked,
        incident=beside.incident,
    )
