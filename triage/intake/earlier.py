"""What is known already: the same delivery, the same demand, the thread a message belongs to, the customer."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from triage.database import direct
from triage.intake.fingerprint import nearly_same
from triage.intake.message import Incoming
from triage.intake.payload import PROVEN_CHANNELS
from triage.models import Customer, Message, Status, Ticket, now

SAME_DEMAND = timedelta(days=14)
_LONGEST_CHAIN = 20  # of tickets that were merged into others
_NEWEST = 20  # earlier messages of the sender that a new one is compared with
_TICKET_MARK = re.compile(r"\[#(\d{1,9})\]")
_ANSWERED = frozenset({Status.DELIVERED, Status.RESOLVED})

# Statements of every delivery, built once and read as plain rows: building one costs as much as running it, and objects twice that.
_INBOUND = columns(col(Message.id), col(Message.source_id)).where(col(Message.direction) == "in").order_by(col(Message.id))
_BY_SOURCE = _INBOUND.where(col(Message.source_id) == bindparam("source_id")).limit(1)
_BY_BYTES = _INBOUND.where(col(Message.raw_sha256) == bindparam("raw_sha256")).limit(3)
_BY_MESSAGE_ID = _INBOUND.where(
    col(Message.message_id) == bindparam("message_id"),
    col(Message.author_email) == bindparam("sender"),
    col(Message.fingerprint) == bindparam("fingerprint"),
).limit(3)
_BY_EMAIL = columns(col(Customer.id)).where(func.lower(col(Customer.email)) == bindparam("email")).limit(1)
_OF_SENDER = (
    columns(col(Message.id), col(Message.fingerprint), col(Message.body), col(Ticket.status))
    .join(Ticket, col(Ticket.id) == Message.ticket_id)
    .where(
        col(Message.direction) == "in",
        col(Message.author_email) == bindparam("sender"),
        col(Message.created_at) >= bindparam("since"),
    )
    .order_by(col(Message.id).desc())
    .limit(_NEWEST)
)


def same_delivery(session: Session, incoming: Incoming, raw_sha256: str | None, print_: str) -> Message | None:
    """The message that this very delivery made when it came before.

    By the source's id; else by the raw bytes; else by Message-ID, but only with the same sender and the same words:
    an id alone proves nothing, and a stranger must not make us drop a mail.
    """
    if incoming.source_id and (known := direct.first(session, _BY_SOURCE, {"source_id": incoming.source_id})):
        return session.get_one(Message, known.id)
    candidates: list[Any] = []
    if raw_sha256:
        candidates += direct.rows(session, _BY_BYTES, {"raw_sha256": raw_sha256})
    if incoming.message_id:
        same_id = {"message_id": incoming.message_id, "sender": incoming.sender_email, "fingerprint": print_}
        candidates += direct.rows(session, _BY_MESSAGE_ID, same_id)
    of = (None, incoming.source_id) if incoming.source_id else None
    found = next((row for row in candidates if of is None or row.source_id in of), None)
    return session.get_one(Message, found.id) if found else None


def customer_of(session: Session, incoming: Incoming) -> tuple[Customer | None, str]:
    """The customer and how sure that is: "verified", "unverified" or "unknown".

    A From header is no identity. Verified is who came through a channel that proves it with a customer id, or by a
    mail that our own server vouches for; and never under an address that is not the customer's.
    """
    email = incoming.sender_email
    if incoming.customer_external_id:
        found = session.exec(select(Customer).where(Customer.external_id == incoming.customer_external_id)).first()
        if found:
            own_address = not email or email == found.email.lower()
            return found, "verified" if incoming.channel in PROVEN_CHANNELS and own_address else "unverified"
    known = direct.first(session, _BY_EMAIL, {"email": email}) if email else None
    if known is None:
        return None, "unknown"
    return session.get_one(Customer, known.id), "verified" if incoming.sender_proven else "unverified"


def thread_of(session: Session, incoming: Incoming, customer: Customer | None) -> tuple[Ticket | None, int | None]:
    """The ticket that a message continues; beside it the ticket it claims to continue though its sender has no part in it."""
    if incoming.ticket_id is not None:
        return _alive(session, incoming.ticket_id), None
    claimed: int | None = None
    for ticket_id in _claimed_tickets(session, incoming):
        ticket = _alive(session, ticket_id)
        if ticket is None or ticket.training or ticket.status == Status.QUARANTINED:
            continue
        if _takes_part(session, ticket, incoming.sender_email, customer):
            return ticket, None
        claimed = claimed or ticket.id
    return None, claimed


def _alive(session: Session, ticket_id: int) -> Ticket | None:
    """The ticket, or the one that it was merged into."""
    ticket = session.get(Ticket, ticket_id)
    for _ in range(_LONGEST_CHAIN):
        if ticket is None or ticket.merged_into is None:
            break
        ticket = session.get(Ticket, ticket.merged_into)
    return ticket


def same_demand(session: Session, incoming: Incoming, sender: str, print_: str) -> tuple[Message, bool] | None:
    """An earlier message of this sender that says the same, and whether it does so word for word."""
    if not sender or not print_:
        return None
    for row in direct.rows(session, _OF_SENDER, {"sender": sender, "since": now() - SAME_DEMAND}):
        if (row.status == Status.QUARANTINED) != (incoming.quarantine is not None) or row.status in _ANSWERED:
            continue
        if (exact := row.fingerprint == print_) or (incoming.quarantine is None and nearly_same(incoming.body, row.body)):
            return session.get_one(Message, row.id), exact
    return None


def _claimed_tickets(session: Session, incoming: Incoming) -> list[int]:
    ids = [*([incoming.in_reply_to] if incoming.in_reply_to else []), *reversed(incoming.references)]
    found: list[int] = []
    if ids:
        rows = session.exec(select(Message.message_id, Message.ticket_id).where(col(Message.message_id).in_(ids))).all()
        found = [ticket_id for wanted in ids for message_id, ticket_id in rows if message_id == wanted]
    found += [int(mark) for mark in _TICKET_MARK.findall(incoming.subject)[:3]]
    return list(dict.fromkeys(found))


def _takes_part(session: Session, ticket: Ticket, sender: str, customer: Customer | None) -> bool:
    if customer is not None and ticket.customer_id == customer.id:
        return True
    if not sender or ticket.requester_email == sender:
        return bool(sender)
    wrote = select(Message.id).where(Message.ticket_id == ticket.id, Message.direction == "in", Message.author_email == sender)
    return session.exec(wrote.limit(1)).first() is not None
