"""What agents would be given for a question, and where a text in work would stand among it."""

from dataclasses import dataclass

import numpy as np

from knowledge_base import articles
from knowledge_base.chunking import Chunk, chunks
from knowledge_base.search import Hit, Searcher


@dataclass(frozen=True)
class Tried:
    """A test search: what is found now, and how near the text being written would be, by meaning (0 to 1)."""

    hits: list[Hit]
    own: float | None = None
    own_heading: str = ""
    own_place: int | None = None


def try_search(searcher: Searcher, query: str, *, internal: bool, k: int = 8, draft: tuple[str, str] | None = None) -> Tried:
    """What agents would be given for this question; `draft` is a (title, body) not yet published, held against it."""
    hits = searcher.search(query, k=k, audience="internal" if internal else "public")
    pieces = chunks(*draft) if draft and draft[1].strip() else []
    if not draft or not pieces:
        return Tried(hits)
    vectors = articles.passage_vectors(searcher.embedder, [(draft[0], piece.heading, piece.text) for piece in pieces])
    near = vectors @ np.asarray(searcher.embedder.encode([query])[0])
    best = int(near.argmax())
    return Tried(hits, float(near[best]), pieces[best].heading, 1 + sum(hit.meaning > near[best] + 1e-3 for hit in hits))


def pieces(title: str, body: str) -> list[Chunk]:
    """The passages that a text would be cut into."""
    return chunks(title, body) if body.strip() else []
