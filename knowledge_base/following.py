"""Keeps the word index and the vector index of this process at what the database has published.

What searches see is a snapshot that is never changed, only replaced; reading, embedding and building happen on
one thread of their own, so that a search waits for a publication for a moment at most.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import select

from knowledge_base.articles import generation_of, searched_title
from knowledge_base.embedding import Encoder, Vectors
from knowledge_base.index import Index
from knowledge_base.postings import Matches, Postings, Segment, Terms, Vocabulary
from triage.database import Database
from triage.errors import EmbedderUnavailable, IndexUnavailable
from triage.models import Passage

log = logging.getLogger(__name__)

Flags = NDArray[np.bool_]

_ONE_PIECE = 4000  # passages whose words are put together again at each publication, in some 20 ms
_SHARE = 8  # of a larger base, what may be recent or dead: one in so many
_TOGETHER = 10_000  # passages read at once
_PATIENCE = 0.25  # seconds a search waits for what was just published; after that it answers from what it has
_SAY_EVERY = 60.0  # seconds between two warnings of the same kind
_REBUILD_EVERY = 10.0  # seconds between attempts to make a failing index again


@dataclass(frozen=True)
class Entry:
    """What is remembered of a passage's words."""

    id: str
    terms: Terms
    audience: str
    language: str


@dataclass(frozen=True)
class Snapshot:
    """The words of all passages at one generation: `rows` by id, the rest by row. Replaced rows are not `alive`."""

    generation: int = -1
    ids: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    public: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    alive: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    large: Segment = field(default_factory=lambda: Segment.of([]))
    recent: tuple[Terms, ...] = ()
    postings: Postings | None = None

    def match(self, query: str, audience: str) -> Matches | None:
        """The passages that hold the query's words; those the audience may not read score 0."""
        if self.postings is None:
            return None
        matches = self.postings.match(query)
        if audience == "public":
            matches.scores[~self.public] = 0
        return matches

    def after(
        self,
        vocabulary: Vocabulary,
        generation: int,
        entries: Sequence[Entry],
        gone: Iterable[str] = (),
        *,
        loose: int | None = None,
    ) -> "Snapshot":
        """The next snapshot: new entries replace those of the same id, and what is gone goes.

        All is merged into one piece when more than `loose` rows are recent or dead: by default any in a small base, an
        eighth in a large one.
        """
        rows, alive = dict(self.rows), np.concatenate([self.alive, np.ones(len(entries), np.bool_)])
        dead = [rows.pop(id) for id in gone]
        for row, entry in enumerate(entries, len(self.ids)):
            if entry.id in rows:
                dead.append(rows[entry.id])
            rows[entry.id] = row
        alive[dead] = False
        following = Snapshot(
            generation,
            (*self.ids, *(entry.id for entry in entries)),
            rows,
            (*self.languages, *(entry.language for entry in entries)),
            np.concatenate([self.public, np.array([entry.audience == "public" for entry in entries], np.bool_)]),
            alive,
            self.large,
            (*self.recent, *(entry.terms for entry in entries)),
        )
        if loose is None:
            loose = self.large.size // _SHARE if len(rows) > _ONE_PIECE else 0
        merge = len(following.recent) + len(following.ids) - len(rows) > loose
        return (following._merged() if merge else following)._ready(vocabulary)

    def _merged(self) -> "Snapshot":
        large = Segment.merged(self.large, Segment.of(self.recent), self.alive)
        kept = np.flatnonzero(self.alive).tolist()
        ids = tuple(self.ids[row] for row in kept)
        return Snapshot(
            self.generation,
            ids,
            {id: row for row, id in enumerate(ids)},
            tuple(self.languages[row] for row in kept),
            self.public[kept],
            np.ones(len(ids), np.bool_),
            large,
        )

    def _ready(self, vocabulary: Vocabulary) -> "Snapshot":
        segments = [self.large, Segment.of(self.recent)] if self.recent else [self.large]
        return replace(self, postings=Postings(vocabulary, segments, self.languages, self.alive))


class Follower:
    """Follows the database's generation, by one small SELECT whenever asked for what is fresh; thread-safe."""

    def __init__(self, database: Database, index: Index, embedder: Encoder) -> None:
        self.database, self.index, self.embedder = database, index, embedder
        self._vocabulary = Vocabulary()
        self._snapshot = Snapshot()
        self._refresher = ThreadPoolExecutor(1, "search-refresh")
        self._refreshing: Future[None] | None = None
        self._lock = Lock()
        self._rebuild_wanted = False
        self._next_rebuild = self._next_word = 0.0

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

    def embed(self, queries: list[str]) -> tuple[str, Vectors | None]:
        """The embedder that the index goes by, and the queries' vectors; None when it cannot be had: search by words then."""
        name = self.index.embedder or self.embedder.name
        try:
            if name == self.embedder.name:
                return name, self.embedder.encode(queries)
            self._say(f"the index still goes by {name} and this desk embeds by {self.embedder.name}; new vectors are being made.")
        except EmbedderUnavailable as error:
            self._say(str(error))
        return name, None

    def want_rebuild(self) -> None:
        """The index failed: make it again in a moment, behind the searches."""
        self._rebuild_wanted = True

    def close(self) -> None:
        """Finish a running refresh; the index is closed by whoever opened it."""
        self._refresher.shutdown(wait=True, cancel_futures=True)

    def _say(self, reason: str) -> None:
        """Tell why searches go by words, once a minute."""
        if time.monotonic() >= self._next_word:
            log.warning("Searches go by words only: %s", reason)
            self._next_word = time.monotonic() + _SAY_EVERY

    # ---- on the refresher's thread ---------------------------------------------------------------------

    def _start(self) -> Future[None]:
        with self._lock:
            if self._refreshing is None or self._refreshing.done():
                self._refreshing = self._refresher.submit(self._refresh)
            return self._refreshing

    def _refresh(self) -> None:
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

    def _read_words(self) -> Snapshot:
        """Read the words of what changed since the last snapshot."""
        snapshot = self._snapshot
        with self.database.read() as session:
            generation = generation_of(session)
            columns = (Passage.id, Passage.audience, Passage.language, Passage.title, Passage.heading, Passage.text)
            changed = select(*columns).where(Passage.generation > self._snapshot.generation)  # type: ignore[call-overload]
            for rows in session.execute(changed.execution_options(yield_per=_TOGETHER)).partitions():
                snapshot = snapshot.after(self._vocabulary, self._snapshot.generation, [self._entry(row) for row in rows])
            gone: set[str] = set()
            if session.exec(select(func.count()).select_from(Passage)).one() != len(snapshot.rows):
                gone = snapshot.rows.keys() - set(session.exec(select(Passage.id)))
        return snapshot.after(self._vocabulary, generation, [], gone)

    def _entry(self, row: Any) -> Entry:
        terms = self._vocabulary.read(searched_title(row.title, row.text), row.heading, row.text, row.language)
        return Entry(row.id, terms, row.audience, row.language)
