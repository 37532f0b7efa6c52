"""Keeps the word index and the vector index of this process at what the database has published.

What searches see is a snapshot that is never changed, only replaced; reading, embedding and building happen on
one thread of their own, so that a search waits for a publication for a moment at most.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from sqlmodel import select

from knowledge_base.articles import generation_of, reembed, searched_title
from knowledge_base.embedding import Encoder
from knowledge_base.index import Index
from knowledge_base.postings import Matches, Postings, Terms, Vocabulary
from triage.database import Database
from triage.errors import IndexUnavailable
from triage.models import Passage

log = logging.getLogger(__name__)

_PATIENCE = 0.25  # seconds a search waits for what was just published; after that it answers from what it has
_REBUILD_EVERY = 10.0  # seconds between attempts to make a failing index again


@dataclass(frozen=True)
class Snapshot:
    """The words of all passages at one generation: `ids` by row, `rows` by id, `public` by row."""

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


class Follower:
    """Follows the database's generation, by one small SELECT whenever asked for what is fresh; thread-safe."""

    def __init__(self, database: Database, index: Index, embedder: Encoder) -> None:
        self.database, self.index, self.embedder = database, index, embedder
        self._vocabulary = Vocabulary()
        self._terms: dict[str, tuple[Terms, str, str]] = {}  # by passage: terms, audience, language
        self._snapshot = Snapshot()
        self._refresher = ThreadPoolExecutor(1, "search-refresh")
        self._refreshing: Future[None] | None = None
        self._lock = Lock()
        self._rebuild_wanted = False
        self._next_rebuild = 0.0

    def fresh(self) -> Snapshot:
        """The newest snapshot there is without a long wait; the first search waits until there is one."""
        with self.database.read() as session:
            generation = generation_of(session)
        rebuild = self._rebuild_wanted and time.monotonic() >= self._next_rebuild
        if generation == self._snapshot.generation and not rebuild:
            return self._snapshot
        refresh = self._start()
        try:
            refresh.result(timeout=None if self._snapshot.postings is None else _PATIENCE)
        except TimeoutError:
            pass
        except IndexUnavailable as error:
            log.warning("Search goes on without what was last published: %s", error)
        return self._snapshot

    def refresh(self) -> None:
        """Bring words and index to the database's generation now; raises what goes wrong."""
        self._start().result()

    def want_rebuild(self) -> None:
        """The index failed: make it again in a moment, behind the searches."""
        self._rebuild_wanted = True

    def close(self) -> None:
        """Finish a running refresh; the index is closed by whoever opened it."""
        self._refresher.shutdown(wait=True, cancel_futures=True)

    # ---- on the refresher's thread ---------------------------------------------------------------------

    def _start(self) -> Future[None]:
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
        with self.database.read() as session:
            stale = session.exec(select(Passage.id).where(Passage.embedder != self.embedder.name).limit(1)).first()
        while stale is not None and self.database.run_now(lambda session: reembed(session, embed=self.embedder)):
            pass

    def _read_words(self) -> Snapshot:
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
        return Snapshot(generation, ids, {id: row for row, id in enumerate(ids)}, public, postings)
