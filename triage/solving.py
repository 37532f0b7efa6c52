"""From a delivered reply to a precedent: what was asked and sent, without personal data."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from triage.guardrails.redaction import redact
from triage.models import (
    TO_MANY,
    Article,
    BlockedAction,
    Customer,
    Decision,
    Draft,
    Message,
    Order,
    Outbox,
    PrecedentUse,
    SolvedCase,
    Ticket,
    User,
    now,
)

_LONGEST = 4_000
BACK = timedelta(days=180)
_MOST = 300


def keep(session: Session, decision: Decision, draft: Draft, ticket: Ticket) -> SolvedCase | None:
    """Keep a reply that was just delivered; it takes the place of what the same ticket was answered before.

    None for what is no precedent: questions back, holding replies, thanks, what was sent to many about an incident,
    matters of high risk or with a refused action.
    """
    if not _is_precedent(session, decision, draft, ticket):
        return None
    forget(session, ticket)
    question, answer, hide = asked(session, draft, ticket), _general(decision.body, draft), hider(session, decision, ticket)
    case = SolvedCase(
        decision_id=decision.id or 0, ticket_id=draft.ticket_id, language=ticket.language, category=ticket.category, solved_at=decision.created_at,
        question=hide(question[:_LONGEST]), answer=hide(answer[:_LONGEST]), articles=public(session, draft),
    )  # fmt: skip
    session.add(case)
    session.flush()
    return case


def hider(session: Session, decision: Decision | None, ticket: Ticket) -> Callable[[str], str]:
    """What takes personal data out of a text about this ticket: of its customer, of whoever decided, and what the text gives away."""
    people = _people(session, decision, ticket)
    own = select(Order.number).where(Order.customer_id == ticket.customer_id)
    numbers = list(session.exec(own)) if ticket.customer_id else []
    return lambda text: redact(text, names=people, values=numbers)


def forget(session: Session, ticket: Ticket) -> None:
    """Take what this ticket was answered out of the pool."""
    own = select(SolvedCase.id).where(SolvedCase.ticket_id == ticket.id)
    session.execute(delete(PrecedentUse).where(col(PrecedentUse.case_id).in_(own)))
    session.execute(delete(SolvedCase).where(col(SolvedCase.ticket_id) == ticket.id))


def backfill(session: Session) -> str:
    """Keep the replies of the last 180 days that were delivered before there was a pool, at most 300 at a time."""
    newest = (
        select(func.max(Decision.id))
        .join(Outbox, col(Outbox.decision_id) == Decision.id)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .where(Outbox.status == "sent", Draft.kind == "reply", col(Decision.created_at) > now() - BACK)
        .where(col(Decision.ticket_id).not_in(select(SolvedCase.ticket_id)))
        .group_by(col(Decision.ticket_id))
    )
    sent = (
        select(Decision, Draft, Ticket)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .join(Ticket, col(Ticket.id) == Decision.ticket_id)
        .where(col(Decision.id).in_(newest))
        .order_by(func.random())  # what is no precedent stays on the list, and must not keep others out
        .limit(_MOST)
    )
    kept = sum(keep(session, decision, draft, ticket) is not None for decision, draft, ticket in session.exec(sent).all())
    return f"{kept} solved cases kept"


def _is_precedent(session: Session, decision: Decision, draft: Draft, ticket: Ticket) -> bool:
    if decision.kind != "approve" or decision.undone_at is not None or draft.kind != "reply" or ticket.risk == "high":
        return False
    if draft.created_by.startswith(TO_MANY):
        return False  # what was true during an incident
    if draft.plan and not draft.plan.get("questions"):
        return False  # thanks, or only a wish
    refused = select(BlockedAction.id).where(BlockedAction.ticket_id == ticket.id).limit(1)
    return session.exec(refused).first() is None


def asked(session: Session, draft: Draft | None, ticket: Ticket) -> str:
    """The subject and the message that the draft answers; without one, the newest."""
    said = select(Message.body).where(Message.ticket_id == ticket.id, Message.direction == "in")
    upto = said.where(col(Message.id) <= draft.thread_head) if draft and draft.thread_head else said
    body = session.exec(upto.order_by(col(Message.id).desc()).limit(1)).first() or ""
    return f"{ticket.subject}\n{body}".strip()


def _general(body: str, draft: Draft) -> str:
    """The reply without the sentences that rest on the customer's own record."""
    for sentence in draft.sentences:
        sources: Any = sentence.get("passages") or []
        if any(source == "customer" or str(source).startswith("order:") for source in sources):
            body = body.replace(str(sentence["text"]), "")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" {2,}", " ", body)).strip()


def _people(session: Session, decision: Decision | None, ticket: Ticket) -> list[str]:
    """The names of everyone this is about."""
    customer = session.get(Customer, ticket.customer_id) if ticket.customer_id else None
    who = session.get(User, decision.user_id) if decision else None
    local = ticket.requester_email.partition("@")[0].replace(".", " ").replace("_", " ")
    return [ticket.requester_name, local if " " in local else "", customer.name if customer else "", who.name if who else ""]


def public(session: Session, draft: Draft) -> dict[str, int]:
    """The cited articles that customers may read, with the versions that were cited."""
    cited = select(Article.id).where(col(Article.id).in_(list(draft.article_versions)), Article.audience == "public")
    return {article: draft.article_versions[article] for article in session.exec(cited)}
