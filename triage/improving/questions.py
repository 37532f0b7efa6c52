"""Customers' questions that ended without support, from what the desk recorded of them anyway."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rapidfuzz.distance import Levenshtein
from sqlmodel import Session, col, or_, select

from knowledge_base.signals import AGENTS, TRIAL
from triage.improving import anonymous
from triage.llm.offline.text import sentences
from triage.models import TO_MANY, Customer, Decision, Draft, Episode, GuardVerdict, Message, SearchRecord, Ticket, now

WINDOW = timedelta(days=90)
SIGNALS = {
    "escalated": "escalated: the knowledge base did not answer",
    "nothing_found": "searched by the agents, nothing answered it",
    "rejected": "draft rejected for its facts",
    "rewritten": "draft rewritten for its facts",
    "acknowledged": "sent with a sentence without a source",
    "searched": "searched by a colleague, nothing answered it",
}
_FACTS = ("wrong facts", "does not answer")  # of approval.REJECT_REASONS, those that speak of missing knowledge
_HEAVY = 0.4  # edit distance above which an edit is more than light (metrics: light edit / middle / rewrite)
_REWRITE = 0.6
_MOST = 3  # questions taken from one demand
_LONGEST = 300
_TELLING = 5  # words a question needs to say what it is about
_CHUNK = 500


@dataclass(frozen=True)
class Demand:
    """An episode, or a person's search, that ended without support, and what says so. `source` names it for good."""

    source: str
    asked_at: datetime
    signals: frozenset[str]
    episode: int | None = None
    ticket: int | None = None


@dataclass(frozen=True)
class Question:
    """One question of a demand; `share` is its part of the demand's minutes."""

    source: str
    demand: Demand
    text: str
    language: str
    share: float


def demands(session: Session, since: datetime) -> dict[str, Demand]:
    """The demands since then that show at least one sign, by source.

    What a guard stopped at the door or sent to a person is none: no article would have changed that.
    """
    told: dict[int, set[str]] = defaultdict(set)
    for sign, episodes in (("escalated", _escalated(session, since)), ("nothing_found", _nothing_found(session, since))):
        for episode in episodes:
            told[episode].add(sign)
    for episode, sign in _decided(session, since):
        told[episode].add(sign)
    found = [Demand(f"search:{number}", at, frozenset({"searched"})) for number, _, at in _searches(session, since)]
    guarded = select(GuardVerdict.ticket_id).where(
        GuardVerdict.stage == "input", GuardVerdict.verdict != "allow", col(GuardVerdict.overruled).is_(False)
    )
    eligible = select(Episode.id, Episode.ticket_id, Episode.started_at).where(
        col(Episode.eligible), col(Episode.ticket_id).not_in(guarded)
    )
    for rows in _chunks(session, eligible, told, Episode.id):
        found += [Demand(f"episode:{e}", started, frozenset(told[e]), e, ticket) for e, ticket, started in rows]
    return {demand.source: demand for demand in found}


def questions(session: Session, wanted: Iterable[Demand]) -> list[Question]:
    """What each demand asks: the questions of its plan, those left unanswered where the agents named them, else its message.

    Nothing personal is left in the texts.
    """
    chosen = list(wanted)
    records = _records(session, [demand for demand in chosen if demand.episode is not None])
    searches = {
        f"search:{number}": query for number, query, _ in _searches(session, min((d.asked_at for d in chosen), default=now()))
    }
    found: list[Question] = []
    for demand in chosen:
        texts, private, language = _asked_by(demand, records) if demand.episode else ([searches.get(demand.source, "")], [], "")
        clean = list(dict.fromkeys(text for text in (anonymous.without(text, private) for text in texts) if text))[:_MOST]
        found += [
            Question(f"{demand.source}:{n}", demand, text[:_LONGEST], language, 1 / len(clean)) for n, text in enumerate(clean)
        ]
    return found


def asked(text: str) -> str:
    """What to call a question: its first sentence that asks and says what about, else its first."""
    parts = [part.strip() for part in sentences(text)] or [text]
    return next((part for part in parts if part.endswith("?") and len(part.split()) >= _TELLING), parts[0])


# ---- the signs --------------------------------------------------------------------------------------------


def _escalated(session: Session, since: datetime) -> Iterable[int]:
    missing = select(Episode.id).where(Episode.started_at >= since, Episode.escalation_reason == "missing_knowledge")
    return [episode for episode in session.exec(missing) if episode is not None]


def _nothing_found(session: Session, since: datetime) -> Iterable[int]:
    """Demands with a question that the agents searched for and that nothing answered, whatever the rest of the reply said."""
    abstained = select(SearchRecord.episode_id).where(
        SearchRecord.at >= since, SearchRecord.decision == "abstain", SearchRecord.source == AGENTS
    )
    return [episode for episode in session.exec(abstained) if episode is not None]


def _searches(session: Session, since: datetime) -> list[tuple[int, str, datetime]]:
    """(number, words, when) of people's own searches that found nothing to answer them; repetitions count once."""
    nothing = or_(SearchRecord.decision == "abstain", SearchRecord.hits == 0)
    statement = select(SearchRecord.id, SearchRecord.query, SearchRecord.at).where(
        SearchRecord.at >= since, SearchRecord.source == TRIAL, nothing, col(SearchRecord.repeats).is_(None)
    )
    return [(number or 0, query, at) for number, query, at in session.exec(statement)]


def _decided(session: Session, since: datetime) -> Iterator[tuple[int, str]]:
    rows = session.exec(
        select(Decision, Draft.created_by)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .where(Decision.created_at >= since, col(Decision.undone_at).is_(None), col(Decision.kind).in_(("approve", "reject")))
    )
    own: dict[int, str] = {}
    for decision, author in rows:
        if decision.kind == "reject":
            if decision.reason in _FACTS:
                yield decision.episode_id, "rejected"
        elif author.startswith(TO_MANY):
            continue  # an incident is no gap in the knowledge base
        elif author != "agents":
            own[decision.episode_id] = decision.body
        elif author == "agents":
            if (decision.edit_distance or 0.0) > _HEAVY and decision.edit_class in ("", "fact"):
                yield decision.episode_id, "rewritten"
            if decision.acknowledged:
                yield decision.episode_id, "acknowledged"
    for episode in _replaced(session, own):
        yield episode, "rewritten"


def _replaced(session: Session, own: dict[int, str]) -> Iterator[int]:
    """Demands whose drafted answer a person set aside for a text of their own that has little of it."""
    drafts = select(Draft.episode_id, Draft.body).where(Draft.created_by == "agents", Draft.kind == "reply")
    for rows in _chunks(session, drafts.order_by(col(Draft.id)), own, Draft.episode_id):
        for episode, body in rows:
            if Levenshtein.normalized_distance(body.split(), own[episode].split()) > _REWRITE:
                yield episode


# ---- their words ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Records:
    """The first draft of the agents and the first message by episode, tickets by id, customers' names by id."""

    drafts: dict[int, Draft]
    messages: dict[int, Message]
    tickets: dict[int, Ticket]
    names: dict[int, str]


def _records(session: Session, wanted: list[Demand]) -> _Records:
    episodes, numbers = {demand.episode for demand in wanted}, {demand.ticket for demand in wanted}
    found = _Records({}, {}, {}, {})
    drafted = select(Draft).where(Draft.created_by == "agents").order_by(col(Draft.id))
    for rows in _chunks(session, drafted, episodes, Draft.episode_id):
        for draft in rows:
            found.drafts.setdefault(draft.episode_id, draft)
    said = select(Message).where(Message.direction == "in").order_by(col(Message.id))
    for rows in _chunks(session, said, episodes, Message.episode_id):
        for message in rows:
            found.messages.setdefault(message.episode_id, message)
    for rows in _chunks(session, select(Ticket), numbers, Ticket.id):
        found.tickets.update({ticket.id: ticket for ticket in rows})
    customers = {ticket.customer_id for ticket in found.tickets.values()}
    for rows in _chunks(session, select(Customer.id, Customer.name), customers, Customer.id):
        found.names.update(dict(rows))
    return found


def _asked_by(demand: Demand, records: _Records) -> tuple[list[str], list[str], str]:
    """(texts, words that name the customer, language) of an episode."""
    ticket, draft = records.tickets[demand.ticket or 0], records.drafts.get(demand.episode or 0)
    private = [ticket.requester_name, ticket.requester_email, records.names.get(ticket.customer_id or 0, "")]
    if draft is not None:
        left_open, planned = _strings(draft.facts.get("unanswered")), _strings(draft.plan.get("questions"))
        if demand.signals & {"escalated", "nothing_found"} and left_open:
            return left_open, private, ticket.language
        if planned:
            return planned, private, ticket.language
    message = records.messages.get(demand.episode or 0)
    subject = ticket.subject if ticket.subject.endswith((".", "?", "!")) else f"{ticket.subject}."
    return [f"{subject} {' '.join(message.body.split()) if message else ''}".strip()], private, ticket.language


def _strings(value: object) -> list[str]:
    return [text for text in value if isinstance(text, str) and text.strip()] if isinstance(value, list) else []


def _chunks(session: Session, statement: object, keys: Iterable[int | None], column: object) -> Iterator[Any]:
    """The rows of a statement whose column is among the keys, some hundred keys at a time."""
    wanted = sorted(key for key in keys if key is not None)
    for start in range(0, len(wanted), _CHUNK):
        yield session.exec(statement.where(col(column).in_(wanted[start : start + _CHUNK]))).all()  # type: ignore[attr-defined]
