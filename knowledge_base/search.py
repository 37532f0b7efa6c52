"""Search: meaning and words together, over what is published now.

Chroma and the word index only propose passages. Text, audience and vector of each are then read from SQL, so
that what was unpublished or made internal a moment ago is not found, whatever an index still holds.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from knowledge_base.articles import AUDIENCES
from knowledge_base.embedding import Encoder, Vectors
from knowledge_base.following import Follower, Snapshot
from knowledge_base.index import Index
from knowledge_base.lexical import words
from knowledge_base.postings import Matches
from triage.database import Database
from triage.errors import IndexUnavailable, InputError
from triage.models import Passage, PassageVector

log = logging.getLogger(__name__)

WORDS = 0.3  # weight of word matches (0 to 1) beside meaning (cosine)
IDENTIFIER = 0.15  # more for a passage that holds the very error code or number asked for
LANGUAGE, CATEGORY = 0.05, 0.03  # more for a passage in the wanted language, of the wanted category
_CANDIDATES = 40
_COLUMNS = (
    Passage.id,
    Passage.article_id,
    Passage.version,
    Passage.title,
    Passage.heading,
    Passage.text,
    Passage.language,
    Passage.audience,
    Passage.category,
    PassageVector.vector,
)


@dataclass(frozen=True)
class Hit:
    """A passage that was found; `score`, `meaning` and `words` are 0 to 1, `why` is a short reason for people."""

    id: str
    article: str
    version: int
    title: str
    heading: str
    text: str
    language: str
    audience: str
    score: float
    why: str
    category: str = ""
    meaning: float = 0.0
    words: float = 0.0

    def evidence(self) -> dict[str, Any]:
        """What a reply cites of it: all but the parts of the score."""
        return {name: value for name, value in vars(self).items() if name not in ("category", "meaning", "words")}


@dataclass(frozen=True)
class _Wish:
    k: int
    audience: str
    language: str | None
    category: str | None


class Searcher:
    """Finds passages; may be shared by threads. Follows the database's generation by one small SELECT a search."""

    def __init__(self, database: Database, index: Index, embedder: Encoder) -> None:
        self.database, self.index, self.embedder = database, index, embedder
        self._follower = Follower(database, index, embedder)

    def search(
        self, query: str, *, k: int = 6, audience: str = "public", language: str | None = None, category: str | None = None
    ) -> list[Hit]:
        """The best `k` passages, best first. "internal" searches all passages, "public" only what customers may read.

        `language` and `category` are preferences: passages of others are found too, a little lower.
        """
        return self.search_many([query], k=k, audience=audience, language=language, category=category)[0]

    def search_many(
        self,
        queries: list[str],
        *,
        k: int = 6,
        audience: str = "public",
        language: str | None = None,
        category: str | None = None,
    ) -> list[list[Hit]]:
        """Several searches at once: one embedding call, one look into SQL. Raises InputError for an unknown audience."""
        if audience not in AUDIENCES:
            raise InputError(f"audience is {audience!r}; use {' or '.join(AUDIENCES)}.")
        if not queries:
            return []
        wish = _Wish(k, audience, language, category)
        snapshot = self._follower.fresh()
        embedder, vectors = self._follower.embed(queries)
        matches = [snapshot.match(query, audience) for query in queries]
        proposed = self._propose(vectors, matches, snapshot.ids, wish)
        rows = self._read(sorted(set().union(*proposed)), wish, embedder)
        return [
            _rank([rows[id] for id in ids if id in rows], vector, match, snapshot, wish)
            for ids, vector, match in zip(proposed, vectors if vectors is not None else repeat(None), matches, strict=False)
        ]

    async def asearch_many(
        self,
        queries: list[str],
        *,
        k: int = 6,
        audience: str = "public",
        language: str | None = None,
        category: str | None = None,
    ) -> list[list[Hit]]:
        """`search_many` off the event loop."""
        return await asyncio.to_thread(self.search_many, queries, k=k, audience=audience, language=language, category=category)

    def refresh(self) -> None:
        """Bring words and index to the database's generation, however long it takes; raises what goes wrong."""
        self._follower.refresh()

    def follow(self) -> None:
        """Begin to bring words and index to the database's generation, behind the searches."""
        self._follower.follow()

    def make_vectors(self) -> None:
        """Begin to embed passages that lack a vector of this embedder, behind the searches."""
        self._follower.make_vectors()

    def close(self) -> None:
        """Stop what is under way behind the searches; the index is closed by whoever opened it."""
        self._follower.close()

    # ---- one search -----------------------------------------------------------------------------------

    def _propose(
        self, vectors: Vectors | None, matches: Sequence[Matches | None], passages: Sequence[str], wish: _Wish
    ) -> list[list[str]]:
        """Ids worth a closer look, by meaning and by words."""
        n = max(_CANDIDATES, 3 * wish.k)
        try:
            proposed = [[] for _ in matches] if vectors is None else self.index.query(vectors, audience=wish.audience, n=n)
        except IndexUnavailable as error:
            log.warning("Search goes by words only: %s", error)
            self._follower.want_rebuild()
            proposed = [[] for _ in matches]
        for ids, match in zip(proposed, matches, strict=True):
            if match is not None:
                ids += [passages[row] for row in _top(match.scores, n)]
        return [list(dict.fromkeys(ids)) for ids in proposed]

    def _read(self, ids: list[str], wish: _Wish, embedder: str) -> dict[str, Any]:
        """The rows as they stand now; a public search reads public rows only."""
        found: dict[str, Any] = {}
        with self.database.read() as session:
            for start in range(0, len(ids), 500):
                found.update(_rows(session, ids[start : start + 500], wish.audience, embedder))
        return found


def _rows(session: Session, ids: list[str], audience: str, embedder: str) -> dict[str, Any]:
    made = (col(PassageVector.passage_id) == Passage.id) & (col(PassageVector.embedder) == embedder)
    statement = select(*_COLUMNS).outerjoin(PassageVector, made).where(col(Passage.id).in_(ids))  # type: ignore[call-overload]
    if audience == "public":
        statement = statement.where(Passage.audience == "public")
    return {row.id: row for row in session.execute(statement)}


def _top(scores: NDArray[np.float32], n: int) -> list[int]:
    """Row numbers of the best scores above 0."""
    best = np.argpartition(scores, len(scores) - n)[-n:] if len(scores) > n else np.arange(len(scores))
    return [int(row) for row in best if scores[row] > 0]


def _rank(
    rows: list[Any], vector: NDArray[np.float32] | None, match: Matches | None, snapshot: Snapshot, wish: _Wish
) -> list[Hit]:
    """Passages by meaning + words + what is preferred; of equal texts only the first."""
    if not rows:
        return []
    meaning = _meaning(rows, vector)
    places = np.array([snapshot.rows.get(row.id, -1) for row in rows])
    matched = _words(match, places)
    total = meaning + WORDS * matched
    if match is not None:
        for number, rarity in match.identifiers.items():
            total += IDENTIFIER * rarity * np.isin(places, match.postings[number])
    total += LANGUAGE * np.array([row.language == wish.language for row in rows])
    total += CATEGORY * np.array([row.category == wish.category for row in rows])
    hits: list[Hit] = []
    seen: set[str] = set()
    for n in np.argsort(-total, kind="stable"):
        if len(hits) == wish.k:
            break
        if (text := rows[n].text) not in seen:
            seen.add(text)
            hits.append(_hit(rows[n], float(total[n]), float(meaning[n]), float(matched[n]), match, int(places[n])))
    return hits


def _meaning(rows: list[Any], vector: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Cosines; 0 for a passage that has no vector yet, and for all while there is no embedder."""
    if vector is None:
        return np.zeros(len(rows), np.float32)
    none = np.zeros_like(vector)
    cosines: NDArray[np.float32] = (
        np.stack([np.frombuffer(row.vector, np.float32) if row.vector else none for row in rows]) @ vector
    )
    return cosines


def _words(match: Matches | None, places: NDArray[Any]) -> NDArray[np.float32]:
    """How well the words match, 0 to 1: between the share of the best match and the share of the whole query.

    The first alone would call the best of many poor matches perfect, the second punishes long questions.
    """
    if match is None or not (best := match.scores.max(initial=0.0)):
        return np.zeros(len(places), np.float32)
    known = places >= 0
    shares: NDArray[np.float32] = np.sqrt(match.scores[places] / best * match.coverage[places]) * known
    return shares


def _hit(row: Any, total: float, meaning: float, matched: float, match: Matches | None, place: int) -> Hit:
    return Hit(
        id=row.id,
        article=row.article_id,
        version=row.version,
        title=row.title,
        heading=row.heading,
        text=row.text,
        language=row.language,
        audience=row.audience,
        category=row.category,
        score=round(min(1.0, max(0.0, total / (1 + WORDS))), 4),
        meaning=round(max(0.0, meaning), 4),
        words=round(matched, 4),
        why=_why(meaning, match, place),
    )


def _why(meaning: float, match: Matches | None, place: int) -> str:
    """Such as: matches 'E6', 'descale'; meaning 0.71."""
    held: list[str] = []
    if match is not None and place >= 0:
        numbers = [n for n, rows in match.postings.items() if _holds(rows, place)]
        rarest = sorted(numbers, key=lambda n: (n not in match.identifiers, len(match.postings[n])))
        held = list(dict.fromkeys(match.words[n] for n in rarest))[:3]
    reason = f"meaning {max(0.0, meaning):.2f}"
    return f"matches {', '.join(repr(word) for word in held)}; {reason}" if held else reason


def _holds(rows: NDArray[np.int32], place: int) -> bool:
    at = int(np.searchsorted(rows, place))
    return at < len(rows) and int(rows[at]) == place


def answerable(hits: Sequence[Hit], query: str) -> float:
    """How likely the passages answer the query, 0 to 1: by the nearest meaning and the share of its words they hold."""
    if not hits:
        return 0.0
    asked = {word.key for word in words(query)}
    held = {word.key for hit in hits[:3] for word in words(f"{hit.title} {hit.heading} {hit.text}", hit.language)}
    share = len(asked & held) / len(asked) if asked else 0.0
    nearest = max(hit.meaning for hit in hits)
    return 1 / (1 + math.exp(-(_SUPPORT[0] + _SUPPORT[1] * nearest + _SUPPORT[2] * share)))


_SUPPORT = (
    -4.3,
    9.0,
    0.5,
)  # of a logistic curve: constant, nearest meaning, share of words; fitted on questions inside and outside a base
