"""Why a draft may not be approved as one of many: the rule of the batch, asked when it is formed and again when it is approved."""

import re
from typing import Any

from sqlmodel import Session, col, select

from triage import lastcheck
from triage.accounts import access, reading
from triage.batches.likeness import LEAST_SURE
from triage.guardrails.patterns import fold
from triage.guardrails.promises import MONEY, PROMISE
from triage.incidents.members import guarded
from triage.models import Draft, Incident, IncidentMember, Message, Sentiment, Status, Ticket, User, now
from triage.seal import what_changed
from triage.settings import Settings

_SENSITIVE = re.compile(
    r"\b(refund\w*|reimburs\w*|compensat\w*|charge ?back\w*|chargeback\w*|lawyer\w*|solicitor\w*|attorney\w*|legal\w*|court|sue|lawsuit\w*|police|gdpr|data protection|"
    r"fire|smoke|burn\w*|injur\w*|electric shock|"
    r"erstatt\w*|ruckerstatt\w*|entschadig\w*|anwalt\w*|rechtlich\w*|klage\w*|gericht\w*|datenschutz\w*|brand|rauch|verletz\w*|stromschlag|"
    r"rembours\w*|indemni\w*|avocat\w*|juridique\w*|tribunal|rgpd|incendie|fumee|bless\w*|"
    r"reembols\w*|indemniz\w*|abogad\w*|demanda\w*|juzgado|incendio|humo|"
    r"terugbeta\w*|vergoed\w*|advocaat|juridisch\w*|rechtbank|avg|rook|gewond|"
    r"rimbors\w*|risarc\w*|avvocat\w*|tribunale|fumo)\b"
)
_DONE = {
    Status.APPROVED: "it is being sent",
    Status.DELIVERING: "it is being sent",
    Status.DELIVERED: "it was answered",
    Status.RESOLVED: "it is closed",
    Status.ESCALATED: "it is escalated",
    Status.QUARANTINED: "it is in quarantine",
}


def why_not(session: Session, settings: Settings, user: User, ticket: Ticket, draft: Draft) -> list[str]:
    """The reasons, in words; empty when the draft may be approved in a batch by this person."""
    if stands := _stands_otherwise(ticket, draft):
        return stands
    reasons = [*_looks(ticket, draft), *_language(user, ticket)]
    reasons += _said(session, ticket, draft)
    reasons += guarded(session, ticket)
    if session.exec(_INCIDENTS.where(IncidentMember.ticket_id == ticket.id)).first():
        reasons.append("it is part of an incident")
    reasons += what_changed(session, draft)
    if not access.can_decide(user, draft, ticket):
        reasons.append("you may not decide it")
    if not reasons:
        reasons += lastcheck.problems(session, settings, user, ticket, draft, draft.body)
    return list(dict.fromkeys(reasons))


_INCIDENTS = (
    select(Incident.id)
    .join(IncidentMember, col(IncidentMember.incident_id) == Incident.id)
    .where(Incident.state == "open", col(IncidentMember.out).is_(False))
)


def _stands_otherwise(ticket: Ticket, draft: Draft) -> list[str]:
    """What of its state alone keeps it out; nothing else is worth saying then."""
    if ticket.status in _DONE:
        return [_DONE[Status(ticket.status)]]
    if ticket.status != Status.AWAITING_APPROVAL:
        return ["it does not wait for a decision"]
    if draft.status != "waiting" or ticket.draft_id != draft.id:
        return ["there is another version of its draft"]
    return []


def _looks(ticket: Ticket, draft: Draft) -> list[str]:
    facts = [sentence for sentence in draft.sentences if sentence.get("kind") in ("fact", "step")]
    wishes: Any = draft.plan.get("requested_actions") or []
    said = {
        "a person wrote it": draft.created_by != "agents",
        "it does not answer but asks back or holds": draft.kind != "reply",
        "a manager decides it": draft.approver != "staff" or ticket.approver != "staff",
        "its risk is not low": ticket.risk != "low",
        "it is urgent": ticket.priority == "urgent",
        "the customer is upset": ticket.sentiment == Sentiment.NEGATIVE,
        "a sentence has no source": not all(sentence.get("supported", True) for sentence in draft.sentences),
        "it rests on no source": not facts or not draft.citations,
        "the agents are unsure": draft.confidence < LEAST_SURE,
        "the agents worked with less than usual": bool(draft.degraded),
        "the customer asks for something to be done": bool(wishes),
        "it is put off": ticket.snoozed_until is not None and ticket.snoozed_until > now(),
        "it has no address to reply to": not ticket.requester_email,
    }
    return [reason for reason, holds in said.items() if holds]


def _language(user: User, ticket: Ticket) -> list[str]:
    return [] if reading.reads(user, ticket.language) else [f"you do not read its language ({ticket.language})"]


def _said(session: Session, ticket: Ticket, draft: Draft) -> list[str]:
    """Money, law and safety, in the draft or in anything that the customer wrote."""
    inbound = select(Message.subject, Message.body).where(Message.ticket_id == ticket.id, Message.direction == "in")
    texts = [fold(f"{subject}\n{body}") for subject, body in session.exec(inbound)]
    texts.append(fold(f"{ticket.subject}\n{draft.body}"))
    if any(MONEY.search(text) or PROMISE.search(text) for text in texts):
        return ["it is about money"]
    return ["it is about money, law or safety"] if any(_SENSITIVE.search(text) for text in texts) else []
