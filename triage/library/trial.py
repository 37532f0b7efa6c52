"""What agents would be given for a question, and where a text in work would stand among it."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from knowledge_base import signals
from knowledge_base.chunking import Chunk, chunks
from knowledge_base.search import Hit, Searcher
from knowledge_base.writing import Written
from triage.models import SearchRecord, User

_DEEP = 50  # passages among which the place of a text is looked for


@dataclass(frozen=True)
class Tried:
    """A test search: the passages, what people should know of how they were found, and where a text in work stands.

    `rewritten` are the texts that were searched beside the question; `own` is the best passage of that text, `place` its place from 1; both None when it is not among the first fifty.
    """

    hits: list[Hit]
    notes: tuple[str, ...] = ()
    rewritten: tuple[str, ...] = ()
    written: Written | None = None
    own: Hit | None = None
    place: int | None = None


def try_search(searcher: Searcher, query: str, *, internal: bool, k: int = 8, written: Written | None = None) -> Tried:
    """What agents would be given for this question, as if the text in work, when there is one, were published."""
    audience = "internal" if internal else "public"
    [answer] = searcher.ask([query], k=k, audience=audience, written=written)
    notes = (answer.foreign.told,) if answer.foreign else ()
    if written is None:
        return Tried(answer.hits, notes, tuple(answer.rewritten))
    place = _place(answer.hits, written)
    found = answer.hits
    if place is None:
        found = searcher.ask([query], k=_DEEP, audience=audience, written=written)[0].hits
        place = _place(found, written)
    return Tried(answer.hits, notes, tuple(answer.rewritten), written, found[place - 1] if place else None, place)


def _place(hits: list[Hit], written: Written) -> int | None:
    """The place, from 1, of the first hit that shows the text, or another that says the same."""
    shown = ([hit.article, *(article for _, article in hit.same)] for hit in hits)
    return next((n for n, articles in enumerate(shown, 1) if written.id in articles), None)


def record(session: Session, user: User, query: str, found: Tried) -> None:
    """Record a person's test search; drawing the page again is no second search."""
    last = select(SearchRecord.query).where(SearchRecord.user_id == user.id).order_by(col(SearchRecord.id).desc()).limit(1)
    if session.exec(last).first() == query:
        return
    best = found.hits[0] if found.hits else None
    signals.searched(
        session, query, source=signals.TRIAL, hits=len(found.hits), top=best.score if best else 0.0,
        article=best.article if best else "", user_id=user.id,
    )  # fmt: skip


def pieces(title: str, body: str) -> list[Chunk]:
    """The passages that a text would be cut into."""
    return chunks(title, body) if body.strip() else []
