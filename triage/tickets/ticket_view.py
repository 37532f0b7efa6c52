"""One ticket with everything its screen needs, read in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy import select as columns
from sqlalchemy.orm import defer
from sqlmodel import Session, col, or_, select

from triage import proposals
from triage.errors import InputError
from triage.models import (
    ArticleVersion,
    Attachment,
    AuditEvent,
    BlockedAction,
    Category,
    Customer,
    Decision,
    Draft,
    EditClaim,
    Exercise,
    GuardVerdict,
    IncidentMember,
    Message,
    Order,
    Outbox,
    PrecedentUse,
    Proposal,
    Quarantine,
    Run,
    RunStep,
    SignOff,
    SolvedCase,
    Ticket,
    TicketTag,
    TypedText,
    User,
    now,
)
from triage.reviewing import copies
from triage.tickets import presence, tags

PAST = 6
EVENTS = 200


@dataclass(frozen=True)
class Letter:
    """A message of the conversation with its files."""

    message: Message
    attachments: list[Attachment] = field(default_factory=list)
    author: str = ""


@dataclass(frozen=True)
class Signature:
    who: str
    user_id: int
    granted: bool
    comment: str
    at: datetime


@dataclass(frozen=True)
class Dossier:
    """An action that code refused, and who has signed it so far."""

    action: BlockedAction
    signatures: list[Signature] = field(default_factory=list)

    @property
    def open(self) -> bool:
        return self.action.status not in ("granted", "refused")


@dataclass(frozen=True)
class Decided:
    """The newest decision on the ticket, by whom, and where its message stands."""

    decision: Decision
    who: str
    version: int
    outbox: Outbox | None


@dataclass(frozen=True)
class TicketView:
    ticket: Ticket
    category: str
    customer: Customer | None
    orders: list[Order]
    past: list[Ticket]
    letters: list[Letter]
    draft: Draft | None
    previous: Draft | None
    decided: Decided | None
    dossiers: list[Dossier]
    verdicts: list[GuardVerdict]
    run: Run | None
    steps: list[RunStep]
    events: list[AuditEvent]
    quarantine: Quarantine | None
    people: dict[int, str]
    precedents: list[tuple[SolvedCase, float]] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    writers: dict[int, str] = field(default_factory=dict)
    in_incident: bool = False
    """Whether it is, or was, in an incident."""
    typed: bool = True
    """Whether anybody may have typed into it what was not sent."""

    @property
    def assignee(self) -> str | None:
        return self.people.get(self.ticket.assignee_id or 0)

    def looking(self, user_id: int | None) -> str | None:
        """Who else has the ticket open now."""
        ticket = self.ticket
        held = ticket.claimed_until is not None and ticket.claimed_until > now() and ticket.claimed_by != user_id
        return self.people.get(ticket.claimed_by or 0) if held else None

    def writing(self, user_id: int | None) -> str | None:
        """Who else writes on the ticket now."""
        return other(self.writers, user_id)


_RARE: dict[str, Any] = {  # what most tickets have none of: not asked for by itself until it is there
    "attachments": select(Attachment.id).join(Message).where(Message.ticket_id == Ticket.id),
    "decided": select(Decision.id).where(Decision.ticket_id == Ticket.id),
    "dossiers": select(BlockedAction.id).where(BlockedAction.ticket_id == Ticket.id),
    "incident": select(IncidentMember.id).where(IncidentMember.ticket_id == Ticket.id),
    "proposals": select(Proposal.id).where(Proposal.ticket_id == Ticket.id),
    "quarantine": select(Quarantine.id).where(Quarantine.ticket_id == Ticket.id),
    "run": select(Run.id).where(Run.ticket_id == Ticket.id),
    "tags": select(TicketTag.tag).where(TicketTag.ticket_id == Ticket.id),
    "typed": select(TypedText.field).where(TypedText.ticket_id == Ticket.id),
    "verdicts": select(GuardVerdict.id).where(GuardVerdict.ticket_id == Ticket.id),
    "writers": select(EditClaim.user_id).where(EditClaim.ticket_id == Ticket.id),
}
_WHAT: list[Any] = [Ticket, Draft, Category.title, Customer, *(rare.correlate(Ticket).exists() for rare in _RARE.values())]
_HEAD = (
    columns(*_WHAT)
    .outerjoin(Draft, col(Draft.id) == Ticket.draft_id)
    .outerjoin(Category, col(Category.slug) == Ticket.category)
    .outerjoin(Customer, col(Customer.id) == Ticket.customer_id)
    .where(col(Ticket.id) == bindparam("ticket_id"))
)


def other(people: dict[int, str], viewer: int | None) -> str | None:
    """The first of these people who is not the viewer."""
    return next((name for number, name in people.items() if number != viewer), None)


def load(session: Session, ticket_id: int, viewer: User | None = None) -> TicketView:
    """Everything about one ticket; raises InputError when there is no such ticket.

    An exercise (triage.reviewing) is there for the `viewer` that it was made for, looks like any ticket, and for nobody else.
    """
    head = session.execute(_HEAD, {"ticket_id": ticket_id}).first()
    ticket: Ticket | None = head[0] if head else None
    if ticket is not None and ticket.training:
        exercise = copies.shown(session, viewer, ticket_id)
        if exercise is not None:
            return _exercise(session, ticket, exercise)
        ticket = None
    if head is None or ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed, or the address is wrong.")
    _, draft, category, customer, *there = head
    has = {name for name, is_there in zip(_RARE, there, strict=True) if is_there}
    run = _run(session, ticket_id) if "run" in has else None
    return TicketView(
        ticket=ticket,
        category=ticket.category if category is None else category,
        customer=customer,
        orders=_orders(session, ticket),
        past=_past(session, ticket),
        letters=_letters(session, ticket_id, files="attachments" in has),
        draft=draft,
        previous=_previous(session, draft),
        decided=_decided(session, ticket_id) if "decided" in has else None,
        dossiers=_dossiers(session, ticket_id) if "dossiers" in has else [],
        verdicts=_verdicts(session, ticket_id) if "verdicts" in has else [],
        run=run,
        steps=_steps(session, run),
        events=_events(session, ticket_id),
        quarantine=_quarantine(session, ticket_id) if "quarantine" in has else None,
        precedents=_precedents(session, draft),
        proposals=proposals.of_ticket(session, ticket_id) if "proposals" in has else [],
        tags=tags.of(session, ticket_id) if "tags" in has else [],
        writers=presence.on(session, ticket_id) if "writers" in has else {},
        people={number: name for number, name in session.exec(select(User.id, User.name)) if number is not None},
        in_incident="incident" in has,
        typed="typed" in has,
    )


def _exercise(session: Session, held: Ticket, exercise: Exercise) -> TicketView:
    ticket = copies.ticket(exercise, held)
    category = session.get(Category, ticket.category) if ticket.category else None
    return TicketView(
        ticket=ticket,
        category=category.title if category else ticket.category,
        customer=session.get(Customer, ticket.customer_id) if ticket.customer_id else None,
        orders=_orders(session, ticket),
        past=[other for other in _past(session, ticket) if other.id != exercise.source_id],
        letters=[Letter(copies.message(exercise))],
        draft=copies.draft(exercise),
        previous=None,
        decided=None,
        dossiers=[],
        verdicts=[],
        run=None,
        steps=[],
        events=_events(session, exercise.ticket_id),
        quarantine=None,
        people={number: name for number, name in session.exec(select(User.id, User.name)) if number is not None},
    )


def colleagues(session: Session) -> list[User]:
    """Everybody a ticket can be given to, by name."""
    return list(session.exec(select(User).where(col(User.disabled_at).is_(None)).order_by(User.name, col(User.id))))


def _orders(session: Session, ticket: Ticket) -> list[Order]:
    if not ticket.customer_id:
        return []
    newest = select(Order).where(Order.customer_id == ticket.customer_id).order_by(col(Order.placed_at).desc())
    return list(session.exec(newest.limit(PAST)))


def _past(session: Session, ticket: Ticket) -> list[Ticket]:
    same = [col(Ticket.requester_email) == ticket.requester_email] if ticket.requester_email else []
    if ticket.customer_id:
        same.append(col(Ticket.customer_id) == ticket.customer_id)
    if not same:
        return []
    others = select(Ticket).where(or_(*same), Ticket.id != ticket.id).order_by(col(Ticket.created_at).desc())
    return list(session.exec(others.limit(PAST)))


def _letters(session: Session, ticket_id: int, *, files: bool) -> list[Letter]:
    messages = session.exec(
        select(Message, User.name)
        .outerjoin(User, col(User.id) == Message.user_id)
        .where(Message.ticket_id == ticket_id)
        .order_by(col(Message.id))
    ).all()
    attached: dict[int, list[Attachment]] = {}
    if files:
        of_ticket = select(Attachment).join(Message).where(Message.ticket_id == ticket_id).order_by(col(Attachment.id))
        for attachment in session.exec(of_ticket):
            attached.setdefault(attachment.message_id, []).append(attachment)
    return [Letter(message, attached.get(message.id or 0, []), author or "") for message, author in messages]


def _run(session: Session, ticket_id: int) -> Run | None:
    """The newest run that is no experiment."""
    own = select(Run).where(Run.ticket_id == ticket_id, col(Run.forked_at).is_(None))
    return session.exec(own.order_by(col(Run.started_at).desc()).limit(1)).first()


def _verdicts(session: Session, ticket_id: int) -> list[GuardVerdict]:
    return list(session.exec(select(GuardVerdict).where(GuardVerdict.ticket_id == ticket_id).order_by(col(GuardVerdict.id))))


def _quarantine(session: Session, ticket_id: int) -> Quarantine | None:
    return session.exec(select(Quarantine).where(Quarantine.ticket_id == ticket_id)).first()


def _precedents(session: Session, draft: Draft | None) -> list[tuple[SolvedCase, float]]:
    """The solved cases that the draft's agents were shown, nearest first, and how near each is."""
    if draft is None or draft.run_id is None:
        return []
    shown = select(SolvedCase, PrecedentUse.score).join(PrecedentUse, col(PrecedentUse.case_id) == SolvedCase.id)
    return list(session.exec(shown.where(PrecedentUse.run_id == draft.run_id).order_by(col(PrecedentUse.score).desc())))


def _previous(session: Session, draft: Draft | None) -> Draft | None:
    if draft is None or draft.version < 2:
        return None
    older = select(Draft).where(Draft.ticket_id == draft.ticket_id, col(Draft.version) < draft.version)
    return session.exec(older.order_by(col(Draft.version).desc()).limit(1)).first()


def _decided(session: Session, ticket_id: int) -> Decided | None:
    found = session.exec(
        select(Decision, User.name, Draft.version)
        .join(User, col(User.id) == Decision.user_id)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .where(Decision.ticket_id == ticket_id)
        .order_by(col(Decision.id).desc())
        .limit(1)
    ).first()
    if found is None:
        return None
    decision, who, version = found
    outbox = session.exec(select(Outbox).where(Outbox.decision_id == decision.id)).first()
    return Decided(decision, who, version, outbox)


def _dossiers(session: Session, ticket_id: int) -> list[Dossier]:
    actions = session.exec(
        select(BlockedAction).where(BlockedAction.ticket_id == ticket_id).order_by(col(BlockedAction.id))
    ).all()
    if not actions:
        return []
    signed = session.exec(
        select(SignOff, User.name)
        .join(User, col(User.id) == SignOff.user_id)
        .where(col(SignOff.blocked_action_id).in_([action.id for action in actions]))
        .order_by(col(SignOff.id))
    ).all()
    return [Dossier(action, _signatures(action, signed)) for action in actions]


def _signatures(action: BlockedAction, signed: Sequence[tuple[SignOff, str]]) -> list[Signature]:
    return [
        Signature(name, sign.user_id, sign.granted, sign.comment, sign.created_at)
        for sign, name in signed
        if sign.blocked_action_id == action.id
    ]


def _steps(session: Session, run: Run | None) -> list[RunStep]:
    """The run's steps without their requests, which can be large."""
    if run is None:
        return []
    light = defer(RunStep.request, raiseload=True)  # type: ignore[arg-type]
    return list(session.exec(select(RunStep).options(light).where(RunStep.run_id == run.id).order_by(col(RunStep.ordinal))))


def _events(session: Session, ticket_id: int) -> list[AuditEvent]:
    newest = select(AuditEvent).where(AuditEvent.ticket_id == ticket_id).order_by(col(AuditEvent.id).desc())
    return list(session.exec(newest.limit(EVENTS)))


def article(session: Session, article_id: str, version: int) -> ArticleVersion | None:
    """The cited version of an article, as it was when it was cited."""
    return session.exec(
        select(ArticleVersion).where(ArticleVersion.article_id == article_id, ArticleVersion.number == version)
    ).first()
