"""Take a message in: one transaction, the same result however often it is tried."""

import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, select

from triage import audit, genai, locks, tracing
from triage.database import rows
from triage.errors import InputError
from triage.intake import earlier, flood, storage
from triage.intake.fingerprint import fingerprint
from triage.intake.message import Incoming, Outcome, Receipt
from triage.models import Attachment, Customer, Episode, Message, Quarantine, QuarantineReason, Status, Ticket, now
from triage.settings import Settings
from triage.sla import clocks
from triage.transitions import move

Enqueue = Callable[[Session, Ticket], None]
Values = dict[str, Any]

# A customer's word wakes a ticket that waits for somebody or is done; one that is at work or on its way out only
# gets the message, and the approval's seal notices that the thread has grown.
_WAKES = frozenset(
    {
        Status.AWAITING_APPROVAL,
        Status.NEEDS_INFO,
        Status.ESCALATED,
        Status.REJECTED,
        Status.FAILED,
        Status.DELIVERED,
        Status.RESOLVED,
    }
)


@tracing.traced(genai.INTAKE)
def receive(
    session: Session, incoming: Incoming, settings: Settings, *, enqueue: Enqueue, actor: str = "system", by_hand: bool = False
) -> Receipt:
    """Store a message with its files, in the caller's transaction, and call `enqueue` when agents should work.

    `by_hand`: a person of ours brings it in, so that any number from one sender is wanted.
    Taken in again, the same delivery changes nothing and gives the same answer with `again` set. Raises InputError
    when `incoming.ticket_id` names no ticket.
    """
    session.flush()  # what is known already is read as plain rows
    raw_sha256 = storage.keep(settings, incoming)
    print_ = fingerprint(incoming.subject, incoming.body)
    _one_at_a_time(session, incoming)
    if (found := earlier.same_delivery(session, incoming, raw_sha256, print_)) is not None:
        return _receipt_of(session, found)
    customer, identity = earlier.customer_of(session, incoming)
    ticket, claimed = earlier.thread_of(session, incoming, customer)
    ticket = locks.ticket(session, ticket.id) if ticket else None
    if incoming.ticket_id is not None and ticket is None:
        raise InputError(f"There is no ticket {incoming.ticket_id}; look up its number in the inbox.")
    incoming = _judged(incoming, known=customer is not None or ticket is not None)
    incoming = incoming if by_hand else flood.judged(session, incoming, settings)
    message = _message(incoming, customer, raw_sha256, print_)
    if ticket is not None and incoming.quarantine is None:
        return _append(session, ticket, message, incoming, identity, enqueue, actor)
    same = earlier.same_demand(session, incoming, message["author_email"], print_)
    if same is not None:
        return _repeat(session, *same, message, incoming, actor)
    note = f"It answers ticket #{ticket.id}." if ticket else f"Its sender has no part in ticket #{claimed}." if claimed else ""
    return _create(session, message, incoming, customer, identity, enqueue, actor, note)


def _judged(incoming: Incoming, *, known: bool) -> Incoming:
    """Whoever is a customer or answers us is no spammer; whoever cannot be threaded cannot answer."""
    if known and incoming.quarantine == QuarantineReason.SPAM:
        return incoming.model_copy(update={"quarantine": None, "problem": ""})
    return incoming


def _message(incoming: Incoming, customer: Customer | None, raw_sha256: str | None, print_: str) -> Values:
    """A message's row, but for the ticket it belongs to."""
    return {
        "source_id": incoming.source_id,
        "author_name": incoming.sender_name or (customer.name if customer else ""),
        "author_email": incoming.sender_email or (customer.email.lower() if customer else ""),
        "subject": incoming.subject,
        "body": incoming.body,
        "quoted": incoming.quoted,
        "signature": incoming.signature,
        "hidden": incoming.hidden,
        "language": incoming.language,
        "message_id": incoming.message_id,
        "in_reply_to": incoming.in_reply_to,
        "references": incoming.references,
        "fingerprint": print_,
        "raw_sha256": raw_sha256,
        "sent_at": incoming.sent_at,
        "created_at": now(),
    }


def _create(
    session: Session,
    message: Values,
    incoming: Incoming,
    customer: Customer | None,
    identity: str,
    enqueue: Enqueue,
    actor: str,
    note: str,
) -> Receipt:
    start = message["created_at"]
    ticket = rows.new(
        Ticket,
        source_id=incoming.source_id,
        channel=incoming.channel,
        subject=incoming.subject,
        requester_name=message["author_name"],
        requester_email=message["author_email"],
        customer_id=customer.id if customer else None,
        identity=identity,
        language=incoming.language,
        created_at=start,
        updated_at=start,
    )
    clocks.begin(session, ticket, start)
    rows.store(session, ticket)
    episode_id = _begin_episode(session, ticket, incoming, start, number=1)
    head = _add(session, ticket, message, incoming, episode_id)
    rows.change(session, ticket, episode_id=episode_id, thread_head=head)
    audit.append(
        session, "received", actor=actor, ticket_id=ticket.id, channel=incoming.channel, message=ticket.thread_head, note=note
    )
    if incoming.quarantine is None:
        enqueue(session, ticket)
        return _receipt(ticket, Outcome.CREATED)
    detail = " ".join(part for part in (incoming.problem, note) if part)
    reason = incoming.quarantine.value
    session.add(
        Quarantine(ticket_id=_id(ticket), reason=reason, detail=detail, raw_sha256=message["raw_sha256"], created_at=start)
    )
    if incoming.quarantine == QuarantineReason.FLOOD:
        flood.tell(session, _id(ticket), incoming.problem)
    move(session, ticket, Status.QUARANTINED, actor=actor, reason=reason, detail=detail)
    return _receipt(ticket, Outcome.QUARANTINED)


def _append(
    session: Session, ticket: Ticket, message: Values, incoming: Incoming, identity: str, enqueue: Enqueue, actor: str
) -> Receipt:
    wakes = ticket.status in _WAKES
    if wakes:
        _continue_or_begin(session, ticket, message["created_at"], incoming)
    number = _add(session, ticket, message, incoming, ticket.episode_id)
    ticket.thread_head, ticket.updated_at, ticket.snoozed_until = number, message["created_at"], None
    if ticket.identity == "verified" and identity != "verified" and incoming.ticket_id is None:
        ticket.identity = "unverified"  # the ticket is as sure as its least sure message
    session.add(ticket)
    audit.append(session, "message", actor=actor, ticket_id=ticket.id, message=number, identity=identity)
    if wakes:
        move(session, ticket, Status.REOPENED, actor=actor, message=number)
        enqueue(session, ticket)
    return _receipt(ticket, Outcome.APPENDED)


def _continue_or_begin(session: Session, ticket: Ticket, start: datetime, incoming: Incoming) -> None:
    """A new episode when the former demand was resolved, else the running one with a new time to reply."""
    episode = session.get(Episode, ticket.episode_id) if ticket.episode_id else None
    if episode is None or episode.resolved_at is not None:
        clocks.begin(session, ticket, start)
        ticket.episode_id = _begin_episode(session, ticket, incoming, start, number=episode.number + 1 if episode else 1)
    else:
        clocks.customer_wrote(session, ticket, start)


def _repeat(session: Session, first: Message, exact: bool, message: Values, incoming: Incoming, actor: str) -> Receipt:
    """The same demand again: it joins the first one's ticket, and no agent works twice."""
    ticket = session.get_one(Ticket, first.ticket_id)
    number = _add(session, ticket, {**message, "duplicate_of": first.id}, incoming, ticket.episode_id)
    ticket.updated_at = message["created_at"]
    if not exact:
        ticket.thread_head = number  # a word may matter, so people see that the thread has grown
    session.add(ticket)
    audit.append(session, "duplicate", actor=actor, ticket_id=ticket.id, message=number, of=first.id, exact=exact)
    return _receipt(ticket, Outcome.DUPLICATE)


def _begin_episode(session: Session, ticket: Ticket, incoming: Incoming, start: datetime, *, number: int) -> int:
    """Store the episode that promises what the ticket's clocks do; returns its number."""
    episode_id: int = rows.insert(
        session,
        Episode,
        ticket_id=ticket.id,
        number=number,
        started_at=start,
        first_reply_due=ticket.first_reply_due,
        resolve_due=ticket.resolve_due,
        eligible=incoming.quarantine is None,
        language=incoming.language,
        channel=incoming.channel,
    )
    return episode_id


def _add(session: Session, ticket: Ticket, message: Values, incoming: Incoming, episode_id: int | None) -> int:
    """Store a message with its files; returns its number."""
    number: int = rows.insert(session, Message, **message, ticket_id=ticket.id, episode_id=episode_id)
    files = (
        {
            "message_id": number,
            "filename": file.filename,
            "content_type": file.content_type,
            "size": file.size,
            "sha256": file.sha256,
            "text": file.text,
            "refused": file.refused,
        }
        for file in incoming.attachments
    )
    rows.insert_many(session, Attachment, files)
    return number


def _receipt_of(session: Session, message: Message) -> Receipt:
    """What was said when this delivery came first, with the ticket's status of today."""
    ticket = session.get_one(Ticket, message.ticket_id)
    opening = session.exec(select(Message.id).where(Message.ticket_id == ticket.id).order_by(Message.id).limit(1)).first()  # type: ignore[arg-type]
    if message.duplicate_of is not None:
        return _receipt(ticket, Outcome.DUPLICATE, again=True)
    if message.id != opening:
        return _receipt(ticket, Outcome.APPENDED, again=True)
    held = session.exec(
        select(Quarantine.id).where(Quarantine.ticket_id == ticket.id, Quarantine.created_at == ticket.created_at)
    ).first()
    return _receipt(ticket, Outcome.QUARANTINED if held else Outcome.CREATED, again=True)


def _receipt(ticket: Ticket, outcome: Outcome, *, again: bool = False) -> Receipt:
    duplicate_of = ticket.id if outcome == Outcome.DUPLICATE else None
    return Receipt(ticket_id=_id(ticket), outcome=outcome, status=str(ticket.status), duplicate_of=duplicate_of, again=again)


def _one_at_a_time(session: Session, incoming: Incoming) -> None:
    """On PostgreSQL two workers may hold the same mail; on SQLite writers are serial anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    keys = {
        zlib.crc32(f"{kind}:{key}".encode()) for kind, key in (("sender", incoming.sender_email), ("source", incoming.source_id))
    }
    for key in sorted(keys):
        session.execute(text("SELECT pg_advisory_xact_lock(:space, :key)"), {"space": 0x494E, "key": key - 2**31})


def _id(ticket: Ticket) -> int:
    if ticket.id is None:
        raise RuntimeError("the ticket was not flushed")
    return ticket.id
