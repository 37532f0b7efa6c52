"""What the searches of the demo's past found, and what became of it: asked of the base as it is, judged by the real judge.

The replies of the past are written; whether the base answers their questions is not. So what no article answers
shows up among the gaps, and the figures of searches have a past, too.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from knowledge_base import signals
from knowledge_base.search import Hit
from triage.briefs import TicketBrief
from triage.demo.history_rows import MARK
from triage.llm.offline.questions import questions
from triage.models import Decision, Draft, Message, SearchRecord, Ticket, clock_at
from triage.office import Desk

_PASSAGES, _JUDGED = 6, 5  # that agents are given of each search, and that the judge looks at
_OPENED, _VOTED, _HELPFUL = 0.35, 0.12, 0.9  # how often people open a passage, judge it, and find it right


@dataclass(frozen=True)
class _Asked:
    """One question and what it finds; "" was decided of languages in which nobody can tell."""

    query: str
    hits: list[Hit]
    decision: str
    confidence: float


def seed_signals(desk: Desk, *, rng: int = 20) -> int:
    """Record the searches behind the past drafts; returns how many. Does nothing when they are recorded already."""
    with desk.database.read() as session:
        if _present(session):
            return 0
        past = _past(session)
    found = _searched(desk, {(ticket.subject, message.body): ticket.language for ticket, message, _ in past})
    dice = random.Random(rng)

    def record(session: Session) -> int:
        for ticket, message, draft in past:
            _record(session, dice, ticket, draft, found[ticket.subject, message.body])
        return sum(len(found[ticket.subject, message.body]) for ticket, message, _ in past)

    return desk.database.run_now(record)


def _present(session: Session) -> bool:
    past = select(Ticket.id).where(col(Ticket.source_id).startswith(MARK))
    return session.exec(select(SearchRecord.id).where(col(SearchRecord.ticket_id).in_(past)).limit(1)).first() is not None


def _past(session: Session) -> list[tuple[Ticket, Message, Draft]]:
    """The agents' drafts of the past in their order, each with its ticket and the message that opened its episode."""
    statement = (
        select(Ticket, Message, Draft)
        .join(Draft, col(Draft.ticket_id) == Ticket.id)
        .join(Message, col(Message.episode_id) == Draft.episode_id)
        .where(col(Ticket.source_id).startswith(MARK), Draft.created_by == "agents", Message.direction == "in")
        .order_by(col(Draft.created_at), col(Draft.id), col(Message.id).desc())
    )
    first = {draft.id: (ticket, message, draft) for ticket, message, draft in session.exec(statement)}
    return list(first.values())


def _searched(desk: Desk, texts: dict[tuple[str, str], str]) -> dict[tuple[str, str], list[_Asked]]:
    """The answers to the questions of each (subject, body), which many tickets share."""
    found: dict[tuple[str, str], list[_Asked]] = {}
    for (subject, body), language in texts.items():
        asked = questions(TicketBrief(ticket_id=0, subject=subject, body=body, language=language))
        hits = desk.searcher.search_many(asked, k=_PASSAGES, language=None if language == "en" else language)
        found[subject, body] = [_judged(desk, *pair, language) for pair in zip(asked, hits, strict=True)]
    return found


def _judged(desk: Desk, query: str, hits: list[Hit], language: str) -> _Asked:
    if language != "en":
        return _Asked(query, hits, "", 0.0)
    told = desk.judge.judge(query, [f"{hit.title}\n{hit.text}" for hit in hits[:_JUDGED]])
    return _Asked(query, hits, told.decision, told.answered if told.decision == "answer" else 1 - told.answered)


def _record(session: Session, dice: random.Random, ticket: Ticket, draft: Draft, found: Iterable[_Asked]) -> None:
    of: dict[str, Any] = {
        "source": signals.AGENTS, "ticket_id": ticket.id, "episode_id": draft.episode_id, "run_id": draft.run_id,
        "language": ticket.language, "category": ticket.category,
    }  # fmt: skip
    with clock_at(draft.created_at):
        for asked in found:
            best = asked.hits[0] if asked.hits else None
            signals.searched(
                session, asked.query, hits=len(asked.hits), top=best.score if best else 0.0,
                article=best.article if best else "", decision=asked.decision, confidence=asked.confidence, **of,
            )  # fmt: skip
        if draft.kind == "reply":
            signals.given(session, draft, {hit.id: hit for asked in found for hit in asked.hits}.values())
    decision = session.exec(select(Decision).where(Decision.draft_id == draft.id).order_by(col(Decision.id))).first()
    if decision is not None:
        with clock_at(decision.created_at):
            _react(session, dice, draft, decision)


def _react(session: Session, dice: random.Random, draft: Draft, decision: Decision) -> None:
    """What the person who decided showed of what they made of the evidence."""
    for citation in draft.citations:
        if dice.random() < _OPENED:
            signals.opened(session, draft, str(citation["passage"]))
        if dice.random() < _VOTED:
            signals.voted(session, draft, str(citation["passage"]), helpful=dice.random() < _HELPFUL)
    signals.decided(session, draft, decision.kind, body=decision.body, reason=decision.reason)
