"""What is known already: the same delivery, the same demand, the thread a message belongs to, the customer."""

import re
from datetime import timedelta

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from triage.intake.fingerprint import nearly_same
from triage.intake.message import Incoming
from triage.intake.payload import PROVEN_CHANNELS
from triage.models import Customer, Message, Status, Ticket, now

SAME_DEMAND = timedelta(days=14)
_LONGEST_CHAIN = 20  # of tickets that were merged into others
_NEWEST = 20  # earlier messages of the sender that a new one is compared with
_TICKET_MARK = re.compile(r"\[#(\d{1,9})\]")
_ANSWERED = frozenset({Status.DELIVERED, Status.RESOLVED})

# Statements of every delivery, built once: building one costs as much as running it.
_INBOUND = select(Message).where(Message.direction == "in").order_by(col(Message.id))
_BY_SOURCE = _INBOUND.where(Message.source_id == bindparam("source_id")).limit(1)
_BY_BYTES = _INBOUND.where(Message.raw_sha256 == bindparam("raw_sha256")).limit(3)
_BY_MESSAGE_ID = _INBOUND.where(
    Message.message_id == bindparam("message_id"),
    Message.author_email == bindparam("sender"),
    Message.fingerprint == bindparam("fingerprint"),
).limit(3)
_BY_EMAIL = select(Customer).where(func.lower(col(Customer.email)) == bindparam("email"))
_OF_SENDER = (
    select(Message, Ticket.status)
    .join(Ticket, col(Ticket.id) == Message.ticket_id)
    .where(Message.direction == "in", Message.author_email == bindparam("sender"), Message.created_at >= bindparam("since"))
    .order_by(col(Message.id).desc())
    .limit(_NEWEST)
)


def same_delivery(session: Session, incoming: Incoming, raw_sha256: str | None, print_: str) -> Message | None:
    """The message that this very delivery made when it came before.

    By the source's id; else by the raw bytes; else by Message-ID, but only with the same sender and the same words:
    an id alone proves nothing, and a stranger must not make us drop a mail.
    """
    if incoming.source_id and (found := session.exec(_BY_SOURCE, params={"source_id": incoming.source_id}).first()):
        return found
    candidates: list[Message] = []
    if raw_sha256:
        candidates += session.exec(_BY_BYTES, params={"raw_sha256": raw_sha256}).all()
    if incoming.message_id:
        same_id = {"message_id": incoming.message_id, "sender": incoming.sender_email, "fingerprint": print_}
        candidates += session.exec(_BY_MESSAGE_ID, params=same_id).all()
    known = (None, incoming.source_id) if incoming.source_id else None
    return next((found for found in candidates if known is None or found.source_id in known), None)


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
    found = session.exec(_BY_EMAIL, params={"email": email}).first() if email else None
    if not found:
        return None, "unknown"
    return found, "verified" if incoming.sender_proven else "unverified"


def thread_of(session: Session, incoming: Incoming, customer: Customer | None) -> tuple[Ticket | None, int | None]:
    """The ticket that a message continues; beside it the ticket it claims to continue though its sender has no part in it."""
    if incoming.ticket_id is not None:
        return _alive(session, incoming.ticket_id), None
    claimed: int | None = None
    for ticket_id in _claimed_tickets(session, incoming):
        ticket = _alive(session, ticket_id)
        if ticket is None or ticket.status == Status.QUARANTINED:
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
    for message, status in session.exec(_OF_SENDER, params={"sender": sender, "since": now() - SAME_DEMAND}):
        if (status == Status.QUARANTINED) != (incoming.quarantine is not None) or status in _ANSWERED:
            continue
        if message.fingerprint == print_:
            return message, True
        if incoming.quarantine is None and nearly_same(incoming.body, message.body):
            return message, False
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
