"""A text held against its sources, sentence by sentence, by code alone: as it is written, when it is kept, before it leaves.

Sentences that agents wrote keep what was found when they wrote them. What a person typed is looked at anew: a figure that no
source has, or what contradicts a source, has to be acknowledged; other words without a source are shown as the person's own.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import fuzz
from sqlmodel import Session, col, select

from triage import lastcheck
from triage.agents.customers import card
from triage.briefs import CustomerCard, Evidence
from triage.guardrails import courtesy, figures
from triage.guardrails.exact import missing, stated
from triage.guardrails.grounding import content, supports
from triage.guardrails.output import lines_of
from triage.models import Draft, Passage, Ticket
from triage.tickets.ticket_view import TicketView

Row = dict[str, Any]
"""A sentence as drafts store it: text, kind, passages, supported, score, why, firm, start, end.

One that a person typed has `by` "person", one of the draft's own its number there as `index`.
"""

PERSON = "person"
_PIECE = re.compile(r"\S[^\n]*?(?:[.!?]+(?=\s|$)|(?=\n|$))")
_LISTED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
_ALIKE = 75  # per cent of the letters
_GREETING = 5  # words of a line that ends with a comma, or of a name under a letter


@dataclass(frozen=True)
class Sources:
    """What a reply may rest on: passages, the customer's record (None when not verified), and what the customer wrote."""

    passages: list[Evidence]
    customer: CustomerCard | None
    said: str

    @property
    def texts(self) -> list[str]:
        """Everything in which a figure may stand."""
        told = [f"{piece.title}. {piece.heading}. {piece.text}" for piece in self.passages]
        return [*told, *lines_of(self.customer), self.said]


def sources_of(session: Session, draft: Draft, ticket: Ticket) -> Sources:
    """What the draft was written from, as it was cited."""
    return Sources(
        as_cited(draft), lastcheck.customer_of(session, ticket), f"{_sender(ticket)}\n{lastcheck.said_in(session, ticket)}"
    )


def current(session: Session, draft: Draft, ticket: Ticket) -> Sources:
    """The same with the cited articles as customers may read them now; the passages that are cited come first."""
    cited = [str(citation["passage"]) for citation in draft.citations]
    rows = session.exec(
        select(Passage)
        .where(col(Passage.article_id).in_(list(draft.article_versions)), Passage.audience == "public")
        .order_by(Passage.article_id, col(Passage.ordinal))
    ).all()
    passages = [
        Evidence(id=row.id, article=row.article_id, version=row.version, title=row.title, heading=row.heading, text=row.text)
        for row in sorted(rows, key=lambda row: row.id not in cited)
    ]
    return replace(sources_of(session, draft, ticket), passages=passages)


def moved(draft: Draft, sources: Sources) -> set[str]:
    """The passages of a draft that say something else now, or are gone."""
    now = {piece.id: piece.text for piece in sources.passages}
    return {piece.id for piece in as_cited(draft) if now.get(piece.id) != piece.text}


def of_view(view: TicketView) -> Sources:
    """The same from what the ticket's screen has read already."""
    ticket, draft = view.ticket, view.draft
    known = view.customer if view.customer and ticket.identity == "verified" else None
    inbound = [letter.message.body for letter in view.letters if letter.message.direction == "in"]
    said = "\n".join([_sender(ticket), ticket.subject, *inbound])
    return Sources(as_cited(draft) if draft else [], card(known, view.orders, []) if known else None, said)


def _sender(ticket: Ticket) -> str:
    return f"{ticket.requester_name} {ticket.requester_email}"


def of_text(session: Session, draft: Draft, ticket: Ticket, text: str) -> list[Row]:
    """The sentences of what would be sent: those of the draft as they are, or the edited text held against its sources."""
    return rows_of(draft) if not edited(draft, text) else check(text, rows_of(draft), sources_of(session, draft, ticket))


def places(text: str, rows: Sequence[Row], sources: Sources) -> list[tuple[int, int, str]]:
    """What has no source, as (start, end, kind) in the text's order and without overlap: `open` is to be acknowledged, `own`
    are a person's own words; " figure" is added for a figure that no source has.
    """
    placed = rows if all("start" in row for row in rows) else _kept(text, rows)
    found: list[tuple[int, int, str]] = []
    for row in placed:
        if row.get("supported", True):
            continue
        at, end, kind = int(row["start"]), int(row["end"]), "open" if needs_word(row) else "own"
        for figure in figures.lacking(text[at:end], sources.texts):
            first, last = int(row["start"]) + figure.start, int(row["start"]) + figure.end
            found += [(at, first, kind), (first, last, f"{kind} figure")]
            at = last
        found.append((at, end, kind))
    return [place for place in found if place[0] < place[1]]


def rows_of(draft: Draft) -> list[Row]:
    """The draft's own sentences, numbered."""
    return [{**row, "index": n} for n, row in enumerate(draft.sentences)]


def as_cited(draft: Draft) -> list[Evidence]:
    """The passages of a draft in the words that it cites."""
    return [
        Evidence(
            id=str(c["passage"]), article=str(c["article"]), version=int(str(c.get("version") or 0)), title=str(c.get("title", "")),
            heading=str(c.get("heading") or ""), text=str(c.get("text", "")),
        )
        for c in draft.citations
    ]  # fmt: skip


def evidence_rows(evidence: list[Evidence], sentences: list[dict[str, object]]) -> list[dict[str, object]]:
    """The passages that sentences rest on, in the order of first use."""
    by_id = {passage.id: passage for passage in evidence}
    used: dict[str, None] = {}
    for sentence in sentences:
        used.update(dict.fromkeys(str(p) for p in sentence.get("passages", []) if p in by_id))  # type: ignore[attr-defined]
    return [
        {"passage": p, **by_id[p].model_dump(include={"article", "version", "title", "heading", "text", "score"})} for p in used
    ]


def check(text: str, known: Sequence[Row], sources: Sources) -> list[Row]:
    """Every sentence of a text with its support and its place; those in `known` as they were found before."""
    kept = _kept(text, known)
    gone = [str(row["text"]) for row in known if not row.get("supported", True) and str(row["text"]) not in text]
    rows, at = [], 0
    for row in [*kept, {"start": len(text), "end": len(text)}]:
        rows += [_typed(text, at + a, at + b, sources, gone) for a, b in _pieces(text[at : row["start"]])]
        rows += [row] if "text" in row else []
        at = row["end"]
    return rows


def anew(text: str, known: Sequence[Row], sources: Sources, changed: Collection[str]) -> list[Row]:
    """`check` for a world that moved on: what rests on passages in `changed` is held against the sources as they are now."""
    rows = check(text, known, sources)
    return [
        _judged(row, str(row.get("kind", "fact")), sources) if set(row.get("passages") or ()) & set(changed) else row
        for row in rows
    ]


def open_points(rows: Sequence[Row], acknowledged: Collection[int] = (), vouched: Collection[str] = ()) -> list[Row]:
    """The sentences that a person still has to take responsibility for: by their number in the draft, or by their words."""
    return [
        row for row in rows if needs_word(row) and row.get("index") not in acknowledged and str(row["text"]) not in vouched
    ]  # fmt: skip


def sign(row: Row) -> str:
    """A short name of a sentence that stays the same while others are edited."""
    return str(row["index"]) if "index" in row else hashlib.sha256(str(row["text"]).encode()).hexdigest()[:12]


def needs_word(row: Row) -> bool:
    """Whether somebody has to acknowledge it: what agents wrote without a source, and a person's figures that no source has."""
    if row.get("supported", True):
        return False
    return bool(row.get("firm")) if row.get("by") == PERSON else True


def edited(draft: Draft, text: str) -> bool:
    return text.strip() != draft.body.strip()


# ---- one sentence -----------------------------------------------------------------------------------------


def _kept(text: str, known: Sequence[Row]) -> list[Row]:
    """The known sentences that stand in the text as whole sentences, with their places, in order and each once."""
    taken: list[Row] = []
    for row in known:
        said = str(row["text"]).strip()
        start = _free(text, said, taken, whole=bool(row.get("supported", True))) if said else -1
        if start >= 0:
            taken.append({**row, "start": start, "end": start + len(said)})
    return sorted(taken, key=lambda row: int(row["start"]))


def _free(text: str, said: str, taken: Sequence[Row], *, whole: bool) -> int:
    """Where the sentence stands; with `whole`, only where no word runs on before or behind it. What had no source stays so
    when something is put beside it.
    """
    start = text.find(said)
    while start >= 0:
        end = start + len(said)
        alone = (start == 0 or not text[start - 1].isalnum()) and (end == len(text) or not text[end].isalnum())
        ended = said[-1] in ".!?:,;" or re.match(r"[^\S\n]*(?:\n|$)", text[end:]) is not None
        if (not whole or (alone and ended)) and not any(row["start"] < end and start < row["end"] for row in taken):
            return start
        start = text.find(said, start + 1)
    return -1


def _pieces(gap: str) -> list[tuple[int, int]]:
    found = []
    for match in _PIECE.finditer(gap):
        start = match.start() + (listed.end() if (listed := _LISTED.match(match.group())) else 0)
        if re.search(r"\w", gap[start : match.end()]):
            found.append((start, match.end()))
    return found


def _typed(text: str, start: int, end: int, sources: Sources, gone: Sequence[str]) -> Row:
    """`gone` are the agents' sentences without a source that do not stand in the text any more: one changed a little is one still."""
    said = text[start:end]
    row = _judged({"text": said, "start": start, "end": end, "by": PERSON}, _kind(said), sources)
    if not row["supported"] and not row["firm"] and any(fuzz.ratio(said, former) >= _ALIKE for former in gone):
        return row | {"firm": True, "why": "No source states this, nor the sentence of the draft that it was."}
    return row


def _kind(said: str) -> str:
    """What a typed line is: a question, a greeting, a name and thanks state nothing."""
    words = said.split()
    if said.rstrip().endswith("?") or (len(words) <= _GREETING and not said.rstrip().endswith((".", "!"))):
        return "courtesy"
    if courtesy.alone(said):
        return "courtesy"
    return "fact" if len(content(said)) > 1 or stated(said) else "courtesy"


def _judged(row: Row, kind: str, sources: Sources) -> Row:
    """One sentence held against everything it may rest on. Figures may stand in the customer's own words as well."""
    said = str(row["text"])
    lacking = [figure.text.rstrip(".") for figure in figures.lacking(said, sources.texts)] or missing(said, sources.texts)
    found = supports(said, sources.passages, lines_of(sources.customer), named=row.get("by") != PERSON)
    ids = {piece.id for piece in sources.passages}
    judged = {name: value for name, value in row.items() if name not in ("nearest", "quote", "judge")} | {
        "kind": kind, "score": round(found.score, 3), "passages": [], "supported": True, "firm": False, "why": "",
    }  # fmt: skip
    if lacking:
        why = f"No source mentions {', '.join(lacking[:3])}."
        return judged | {"supported": False, "firm": True, "why": why, "nearest": found.passage, "quote": found.quote}
    if kind not in ("fact", "step"):
        return judged
    if found.supported:
        return judged | {"passages": [found.passage] if found.passage in ids else _record(said, sources), "why": found.why}
    if not supports(said, sources.passages, [*lines_of(sources.customer), sources.said], named=False).supported:
        firm = found.firm and "mentions" not in found.why and _same_matter(said, found.quote)
        return judged | {"supported": False, "firm": firm, "why": found.why, "nearest": found.passage, "quote": found.quote}
    return judged | {"why": "It stands in the customer's own words."}


def _same_matter(said: str, quote: str) -> bool:
    """Whether two sentences share more than a word: "Have a nice day." does not speak against "never confirms a day"."""
    return len(content(said).keys() & content(quote).keys()) > 1


def _record(said: str, sources: Sources) -> list[str]:
    """Which part of the customer's record a sentence rests on, by its name."""
    if sources.customer is None:
        return []
    orders = [f"order:{order.number}" for order in sources.customer.orders if order.number in said]
    return orders[:1] or ["customer"]
