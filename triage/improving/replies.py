"""What people answered to the questions of a gap: approved replies, taken apart, with nobody's data left in them."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, or_, select

from triage.improving import anonymous
from triage.llm.offline.passages import blocks
from triage.models import TO_MANY, Customer, Decision, Draft, GapQuestion, Ticket, User

_MOST = 40
_COURTESY = re.compile(
    r"^(?:hello|hi|dear|good (?:morning|afternoon|evening)|thank|many thanks|sorry|we are sorry|i am sorry|kind regards|best|regards|sincerely|"
    r"hallo|liebe|guten|vielen dank|danke|freundliche|viele|mit freundlichen|bonjour|cher|merci|(?:bien )?cordialement|bien à vous|hola|estimad|gracias|"
    r"saludos|un saludo|beste|dag|bedankt|met vriendelijke|groet|buongiorno|gentile|grazie|cordiali|olá|car[oa]|obrigad|cumprimentos)\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(  # "I looked into it", "your parcel was sent": said to one customer
    r"\b(?:I|[Ii]ch|[Jj]e|[Yy]o|[Ii]k|[Ii]o|[Ee]u)\b|\b[Jj]['’]|"
    r"\b(?i:your (?:order|parcel|ticket|payment|account|case|message|machine) (?:is|was|has|will)|"
    r"we have (?:sent|cancelled|refunded|changed|asked))\b"
)


@dataclass(frozen=True)
class Said:
    """Something a reply says: one sentence, or the steps of one list. `reply` is its place among the replies."""

    reply: int
    ticket: int
    sentences: tuple[str, ...]
    steps: bool


@dataclass(frozen=True)
class Replies:
    """The usable words of approved replies in one language, and where they come from: (ticket, who approved it)."""

    language: str
    category: str
    said: list[Said]
    sources: list[tuple[int, str]]


def of_gap(session: Session, gap_id: int) -> Replies:
    """The replies that people approved on the gap's tickets, in the language that most of them are in."""
    tickets = set(session.exec(select(GapQuestion.ticket_id).where(GapQuestion.gap_id == gap_id)))
    rows = session.exec(
        select(Decision.body, Ticket, User.name, Customer.name)
        .join(Draft, col(Draft.id) == Decision.draft_id)
        .join(Ticket, col(Ticket.id) == Decision.ticket_id)
        .join(User, col(User.id) == Decision.user_id)
        .join(Customer, col(Customer.id) == Ticket.customer_id, isouter=True)
        .where(
            col(Decision.ticket_id).in_(tickets),
            Decision.kind == "approve",
            col(Decision.undone_at).is_(None),
            ~col(Draft.created_by).startswith(TO_MANY),
            or_(Draft.kind == "reply", Draft.created_by != "agents"),  # a person's own text answers, whatever it replaced
        )
        .order_by(col(Decision.id).desc())
        .limit(_MOST)
    ).all()
    languages = Counter(ticket.language or "en" for _, ticket, _, _ in rows)
    categories = Counter(ticket.category for _, ticket, _, _ in rows if ticket.category)
    language = min(languages, key=lambda name: (-languages[name], name != "en", name)) if languages else "en"
    kept = [row for row in rows if (row[1].language or "en") == language]
    said = [
        part
        for number, (body, ticket, person, customer) in enumerate(kept)
        for part in _parts(number, ticket.id or 0, body, [ticket.requester_name, ticket.requester_email, customer or "", person])
    ]
    sources = {ticket.id or 0: person for _, ticket, person, _ in kept}
    category = categories.most_common(1)[0][0] if categories else ""
    return Replies(language, category, said, list(sources.items()))


def _parts(reply: int, ticket: int, body: str, private: Iterable[str]) -> list[Said]:
    """Sentences and lists of a reply without courtesies, questions and what concerns one customer only."""
    names = [name for name in private if name]
    found: list[Said] = []
    for block in blocks("", body, "", False):
        texts = [unit.text.strip() for unit in block.units]
        usable = tuple(text for text in texts if _is_general(text, names))
        if block.steps and usable and len(usable) == len(texts):  # a list that lost a step is no instruction any more
            found.append(Said(reply, ticket, usable, True))
        elif not block.steps:
            found += [Said(reply, ticket, (text,), False) for text in usable]
    return found


def _is_general(text: str, names: list[str]) -> bool:
    if len(text.split()) < 3 or text.endswith(("?", ",")) or _COURTESY.match(text) or _PERSONAL.search(text):
        return False
    return not anonymous.is_personal(text, names)
