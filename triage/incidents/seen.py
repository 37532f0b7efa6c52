"""Tickets as they are compared, and their vectors, each made once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from sqlmodel import Session, col, select

from knowledge_base.embedding import Vectors
from triage.briefs import TicketBrief
from triage.incidents.matter import matter
from triage.llm.offline.said import clean_subject
from triage.llm.offline.text import codes
from triage.models import Message, Ticket, TicketVector

if TYPE_CHECKING:
    from triage.office import Desk


@dataclass(frozen=True)
class Seen:
    """An open ticket as it is compared; `text` is the reading that is embedded, `customer` the sender's address."""

    id: int
    subject: str
    text: str
    customer: str
    category: str
    codes: frozenset[str]
    at: datetime


def of(session: Session, tickets: list[Ticket]) -> list[Seen]:
    """Tickets with the message that opened them, in the order given; those without words or address are left out."""
    numbers = [ticket.id for ticket in tickets]
    first: dict[int, str] = {}
    inbound = select(Message.ticket_id, Message.body).where(col(Message.ticket_id).in_(numbers), Message.direction == "in")
    for number, body in session.exec(inbound.order_by(col(Message.id))):
        first.setdefault(number, body)
    found = []
    for ticket in tickets:
        said = f"{ticket.subject}\n{first.get(ticket.id or 0, '')}"
        customer = ticket.requester_email.lower() or (f"customer:{ticket.customer_id}" if ticket.customer_id else "")
        if said.strip() and customer:
            found.append(Seen(ticket.id or 0, clean_subject(_brief(ticket)), matter(said), customer, ticket.category, frozenset(codes(said)), ticket.created_at))  # fmt: skip
    return found


def embedded(desk: "Desk", seen: Sequence[Seen]) -> dict[int, Vectors]:
    """The vector of each ticket (d,), read where it is kept, else made, and kept."""
    numbers = [one.id for one in seen]
    with desk.database.read() as session:
        kept = select(TicketVector).where(col(TicketVector.ticket_id).in_(numbers), TicketVector.embedder == desk.embedder.name)
        known = {row.ticket_id: np.frombuffer(row.vector, np.float32) for row in session.exec(kept)}
    new = [one for one in seen if one.id not in known]
    if new:
        made = dict(zip([one.id for one in new], desk.embedder.encode([one.text for one in new]), strict=True))
        desk.database.run_now(lambda session: _keep(session, desk.embedder.name, made))
        known |= made
    return known


def _brief(ticket: Ticket) -> TicketBrief:
    return TicketBrief(ticket_id=ticket.id or 0, subject=ticket.subject, body="")


def _keep(session: Session, embedder: str, made: dict[int, Vectors]) -> None:
    for number, vector in made.items():
        session.merge(TicketVector(ticket_id=number, embedder=embedder, vector=vector.tobytes()))


def stacked(rows: Sequence[bytes]) -> Vectors:
    return np.stack([np.frombuffer(row, np.float32) for row in rows]) if rows else np.zeros((0, 0), np.float32)


def middle(vectors: Sequence[Vectors]) -> Vectors:
    """Where vectors (d,) have their middle, at unit length."""
    mean = np.mean(np.stack(vectors), axis=0)
    unit: Vectors = (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)
    return unit
