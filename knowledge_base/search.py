"""Search: meaning and words together, over what is published now.

Chroma and the word index only propose passages. Text, audience and vector of each are then read from SQL, so
that what was unpublished or made internal a moment ago is not found, whatever an index still holds.
"""

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from knowledge_base.articles import AUDIENCES, generation_of, searched_title
from knowledge_base.embedding import Encoder, Vectors
from knowledge_base.index import Index
from knowledge_base.lexical import Matches, Postings, Terms, Vocabulary, words
from triage.database import Database
from triage.errors import IndexUnavailable, InputError
from triage.models import Passage

log = logging.getLogger(__name__)

WORDS = 0.3  # weight of word matches (0 to 1) beside meaning (cosine)
IDENTIFIER = 0.15  # more for a passage that holds the very error code or number asked for
LANGUAGE, CATEGORY = 0.05, 0.03  # more for a passage in the wanted language, of the wanted category
_CANDIDATES = 40
_PATIENCE = 0.25  # seconds a search waits for what was just published; after that it answers from what it has
_REBUILD_EVERY = 10.0  # seconds between attempts to make a failing index again
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
    Passage.vector,
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
class _Snapshot:
    """The words of all passages at one generation; never changed, only replaced."""

    generation: int = -1
    ids: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    public: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    postings: Postings | None = None

    def match(self, query: str, audience: str) -> Matches | None:
        """The passages that hold the query's words; those the audience may not read score 0."""
        if self.postings is None:
            return None
        matches = self.postings.match(query)
        if audience == "public":
            matches.scores[~self.public] = 0
        return matches


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
        self._vocabulary = Vocabulary()
        self._terms: dict[str, tuple[Terms, str, str]] = {}  # by passage: terms, audience, language
        self._snapshot = _Snapshot()
        self._refresher = ThreadPoolExecutor(1, "search-refresh")
        self._refreshing: Future[None] | None = None
        self._lock = Lock()
        self._rebuild_wanted = False
        self._next_rebuild = 0.0

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
        snapshot = self._fresh()
        vectors = self.embedder.encode(queries)
        matches = [snapshot.match(query, audience) for query in queries]
        proposed = self._propose(vectors, matches, snapshot.ids, wish)
        rows = self._read(sorted(set().union(*proposed)), wish)
        return [
            _rank([rows[id] for id in ids if id in rows], vector, match, snapshot, wish)
            for ids, vector, match in zip(proposed, vectors, matches, strict=True)
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
        """Bring words and index to the database's generation now; raises what goes wrong."""
        self._start_refresh().result()

    def close(self) -> None:
        """Finish a running refresh; the index is closed by whoever opened it."""
        self._refresher.shutdown(wait=True, cancel_futures=True)

    # ---- following the database -----------------------------------------------------------------------

    def _fresh(self) -> _Snapshot:
        """The newest snapshot there is without a long wait; the first search waits until there is one."""
        with self.database.read() as session:
            generation = generation_of(session)
        rebuild = self._rebuild_wanted and time.monotonic() >= self._next_rebuild
        if generation == self._snapshot.generation and not rebuild:
            return self._snapshot
        refresh = self._start_refresh()
        try:
            refresh.result(timeout=None if self._snapshot.postings is None else _PATIENCE)
        except TimeoutError:
            pass
        except IndexUnavailable as error:
            log.warning("Search goes on without what was last published: %s", error)
        return self._snapshot

    def _start_refresh(self) -> Future[None]:
        with self._lock:
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = self._refresher.submit(self._refresh)
            return self._refreshing

    def _refresh(self) -> None:
        self._reembed()
        self._snapshot = self._read_words()
        try:
            if self._rebuild_wanted:
                self.index.rebuild(self.database)
            else:
                self.index.sync(self.database)
            self._rebuild_wanted = False
        except IndexUnavailable:
            self._rebuild_wanted, self._next_rebuild = True, time.monotonic() + _REBUILD_EVERY
            raise

    def _reembed(self) -> None:
        """After a change of the embedder: new vectors for all passages, a few at a time."""
        from knowledge_base.articles import reembed

        with self.database.read() as session:
            stale = session.exec(select(Passage.id).where(Passage.embedder != self.embedder.name).limit(1)).first()
        while stale is not None and self.database.run_now(lambda session: reembed(session, embed=self.embedder)):
            pass

    def _read_words(self) -> _Snapshot:
        """Read the words of what changed since the last snapshot and put all together."""
        with self.database.read() as session:
            generation = generation_of(session)
            columns = (Passage.id, Passage.audience, Passage.language, Passage.title, Passage.heading, Passage.text)
            changed = select(*columns).where(Passage.generation > self._snapshot.generation)  # type: ignore[call-overload]
            for row in session.execute(changed.execution_options(yield_per=1000)):
                terms = self._vocabulary.read(searched_title(row.title, row.text), row.heading, row.text, row.language)
                self._terms[row.id] = (terms, row.audience, row.language)
            current = set(session.exec(select(Passage.id)))
        self._terms = {id: kept for id, kept in self._terms.items() if id in current}
        ids = tuple(self._terms)
        postings = Postings(
            self._vocabulary, [terms for terms, _, _ in self._terms.values()], [lang for _, _, lang in self._terms.values()]
        )
        public = np.array([audience == "public" for _, audience, _ in self._terms.values()], np.bool_)
        return _Snapshot(generation, ids, {id: row for row, id in enumerate(ids)}, public, postings)

    # ---- one search -----------------------------------------------------------------------------------

    def _propose(
        self, vectors: Vectors, matches: Sequence[Matches | None], passages: Sequence[str], wish: _Wish
    ) -> list[list[str]]:
        """Ids worth a closer look, by meaning and by words."""
        n = max(_CANDIDATES, 3 * wish.k)
        try:
            proposed = self.index.query(vectors, audience=wish.audience, n=n)
        except IndexUnavailable as error:
            log.warning("Search goes by words only: %s", error)
            self._rebuild_wanted = True
            proposed = [[] for _ in vectors]
        for ids, match in zip(proposed, matches, strict=True):
            if match is not None:
                ids += [passages[row] for row in _top(match.scores, n)]
        return [list(dict.fromkeys(ids)) for ids in proposed]

    def _read(self, ids: list[str], wish: _Wish) -> dict[str, Any]:
        """The rows as they stand now; a public search reads public rows only."""
        found: dict[str, Any] = {}
        with self.database.read() as session:
            for start in range(0, len(ids), 500):
                found.update(_rows(session, ids[start : start + 500], wish.audience))
        return found


def _rows(session: Session, ids: list[str], audience: str) -> dict[str, Any]:
    statement = select(*_COLUMNS).where(col(Passage.id).in_(ids))  # type: ignore[call-overload]
    if audience == "public":
        statement = statement.where(Passage.audience == "public")
    return {row.id: row for row in session.execute(statement)}


def _top(scores: NDArray[np.float32], n: int) -> list[int]:
    """Row numbers of the best scores above 0."""
    best = np.argpartition(scores, len(scores) - n)[-n:] if len(scores) > n else np.arange(len(scores))
    return [int(row) for row in best if scores[row] > 0]


def _rank(rows: list[Any], vector: NDArray[np.float32], match: Matches | None, snapshot: _Snapshot, wish: _Wish) -> list[Hit]:
    """Passages by meaning + words + what is preferred; of equal texts only the first."""
    if not rows:
        return []
    meaning = np.stack([np.frombuffer(row.vector, np.float32) for row in rows]) @ vector
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
