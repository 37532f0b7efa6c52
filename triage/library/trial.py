"""What agents would be given for a question, and where a text in work would stand among it."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from knowledge_base import articles, signals
from knowledge_base.chunking import Chunk, chunks
from knowledge_base.search import Hit, Searcher
from triage.errors import EmbedderUnavailable
from triage.models import SearchRecord, User


@dataclass(frozen=True)
class Tried:
    """A test search: what is found now, and how near the text being written would be, by meaning (0 to 1)."""

    hits: list[Hit]
    own: float | None = None
    own_heading: str = ""
    own_place: int | None = None


def try_search(
    searcher: Searcher,
    query: str,
    *,
    internal: bool,
    k: int = 8,
    draft: tuple[str, str] | None = None,
    article: str | None = None,
) -> Tried:
    """What agents would be given for this question; `draft` is a (title, body) not yet published, held against it.

    `article` is the one whose text the draft would replace: its passages of now do not stand before it.
    """
    hits = searcher.search(query, k=k, audience="internal" if internal else "public")
    pieces = chunks(*draft) if draft and draft[1].strip() else []
    if not draft or not pieces:
        return Tried(hits)
    try:
        vectors = articles.passage_vectors(searcher.embedder, [(draft[0], piece.heading, piece.text) for piece in pieces])
        _, found = searcher.candidates([query], k=k, audience="internal" if internal else "public")[0]
    except EmbedderUnavailable:  # the search went by words, and so there is nothing to compare with
        return Tried(hits)
    if found.whole.shape != vectors.shape[1:]:  # in the middle of a change of the embedder
        return Tried(hits)
    near = vectors @ found.whole  # the question with its synonyms, spelled right: as the hits were measured
    best = int(near.argmax())
    return Tried(
        hits,
        float(near[best]),
        pieces[best].heading,
        1 + sum(hit.meaning > near[best] + 1e-3 for hit in hits if hit.article != article),
    )


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
