"""Which members ask something that the incident is not about: each question of their plans beside the incident's own words."""

from typing import TYPE_CHECKING

import numpy as np
from sqlmodel import Session, col, select

from triage.errors import EmbedderUnavailable
from triage.incidents.matter import matter
from triage.incidents.members import Extras
from triage.incidents.seen import embedded, middle
from triage.incidents.seen import of as seen_of
from triage.models import Draft, IncidentMember, MasterDraft, Ticket

if TYPE_CHECKING:
    from triage.office import Desk

BESIDE = 0.32  # cosine with the members' middle and with the text, below which a question is about something else
_MOST = 6  # questions of one ticket


def extras(desk: "Desk", master: MasterDraft) -> Extras:
    """By ticket its questions that are about something else. Reads and embeds; no transaction is held meanwhile."""
    with desk.database.read() as session:
        tickets = _members(session, master.incident_id)
        seen = seen_of(session, tickets)
        asked = _questions(session, [ticket.id or 0 for ticket in tickets])
    if not seen or not asked:
        return {}
    try:
        known = embedded(desk, seen)
        texts = list(dict.fromkeys(question for questions in asked.values() for question in questions))
        vectors = dict(zip(texts, (desk.embedder.encode([matter(text)])[0] for text in texts), strict=True))
        about = np.stack([middle([known[one.id] for one in seen]), desk.embedder.encode([matter(master.body)])[0]])
    except EmbedderUnavailable:
        return dict(asked)  # nobody can tell: each is left to a person
    found = {n: [text for text in questions if float((about @ vectors[text]).max()) < BESIDE] for n, questions in asked.items()}
    return {number: questions for number, questions in found.items() if questions}


def _members(session: Session, incident_id: int) -> list[Ticket]:
    statement = select(Ticket).join(IncidentMember, col(IncidentMember.ticket_id) == Ticket.id)
    return list(session.exec(statement.where(IncidentMember.incident_id == incident_id, col(IncidentMember.out).is_(False))))


def _questions(session: Session, tickets: list[int]) -> dict[int, list[str]]:
    """What the agents understood each ticket to ask, by their newest plan."""
    plans = select(Draft.ticket_id, Draft.plan).where(col(Draft.ticket_id).in_(tickets), Draft.created_by == "agents")
    found: dict[int, list[str]] = {}
    for number, plan in session.exec(plans.order_by(col(Draft.id))):
        asked = plan.get("questions")
        found[number] = [str(question) for question in asked][:_MOST] if isinstance(asked, list) else []
    return found
