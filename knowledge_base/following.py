"""Keeps the word index and the vector index of this process at what the database has published.

What searches see is a snapshot that is never changed, only replaced. Words are followed on one thread and the index on
another, which may take minutes to make it anew: a search waits for a publication for a moment at most.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from dataclasses import dataclass, field, replace
from itertools import compress
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func
from sqlmodel import Session, col, select

from knowledge_base import word_file
from knowledge_base.articles import GENERATION, generation_of, searched_title
from knowledge_base.common import Common, common
from knowledge_base.embedding import Encoder, Vectors
from knowledge_base.index import Index
from knowledge_base.lexicon import Lexicon
from knowledge_base.postings import Matches, Postings, Segment, Terms, Vocabulary
from knowledge_base.vectors import fill, rebuilds_of
from triage.database import Database
from triage.errors import EmbedderUnavailable, IndexUnavailable
from triage.models import Article, Passage

log = logging.getLogger(__name__)

Flags = NDArray[np.bool_]

_ONE_PIECE = 4000  # passages whose words are put together again at each publication, in some 20 ms
_SHARE = 8  # of a larger base, what may be recent or dead: one in so many
_TOGETHER = 10_000  # passages read at once
_WORTH_A_FILE = 500  # passages whose words are kept in a file for the next process
_FIRST_PATIENCE = 5.0  # seconds the first search waits for an index that is being made
_PATIENCE = 0.25  # seconds a search waits for what was just published; after that it answers from what it has
_WARN_EVERY = 60.0  # seconds between two warnings of the same kind
_RESTING = 0.5  # seconds that the making of vectors rests for each second of work, so that tickets are not slowed down
_SUM_EVERY = 600.0  # seconds after which what people kept is summed up again
_SPELLED = 20_000  # passages whose spelling a process reads when their words come from a file
_REBUILD_EVERY = 10.0  # seconds between attempts to make a failing index again


@dataclass(frozen=True)
class Entry:
    """What is remembered of a passage's words."""

    id: str
    terms: Terms
    audience: str
    language: str

    @classmethod
    def read(cls, vocabulary: Vocabulary, row: Any) -> "Entry":
        """The words of a passage's title, heading and text."""
        terms = vocabulary.read(searched_title(row.title, row.text), row.heading, row.text, row.language)
        return cls(row.id, terms, row.audience, row.language)


@dataclass(frozen=True)
class Snapshot:
    """The words of all passages at one generation: `rows` by id, the rest by row. Replaced rows are not `alive`.

    `spoken` counts the living passages of each language.
    """

    generation: int = -1
    ids: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    public: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    alive: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    large: Segment = field(default_factory=lambda: Segment.of([]))
    recent: tuple[Terms, ...] = ()
    postings: Postings | None = None
    common: Common = field(default_factory=Common)
    spoken: Mapping[str, int] = field(default_factory=dict)

    def match(self, query: str, audience: str, also: Sequence[str] = ()) -> Matches | None:
        """The passages that hold the query's words; those the audience may not read score 0."""
        if self.postings is None:
            return None
        matches = self.postings.match(query, also)
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
        spoken = Counter(compress(self.languages, self.alive.tolist()))
        return replace(self, postings=Postings(vocabulary, segments, self.languages, self.alive), spoken=spoken)


class _Turn:
    """One piece of work on a thread of its own, never twice at once."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._pool, self._work, self._lock = ThreadPoolExecutor(1, name), work, Lock()
        self._running: Future[None] | None = None

    def start(self) -> Future[None]:
        """The work under way, or begun now."""
        with self._lock:
            if self._running is None or self._running.done():
                self._running = self._pool.submit(self._work)
            return self._running

    def end(self) -> None:
        """Wait for the work under way; nothing can be begun after that."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Follower:
    """Follows the database's generation, by one small SELECT whenever asked for what is fresh; thread-safe."""

    def __init__(self, database: Database, index: Index, embedder: Encoder) -> None:
        self.database, self.index, self.embedder = database, index, embedder
        self._vocabulary = Vocabulary()
        self.lexicon = Lexicon()
        self._snapshot = Snapshot()
        self._words = _Turn("search-words", self._follow_words)
        self._index = _Turn("search-index", self._follow_index)
        self._vectors = _Turn("search-vectors", self._fill_vectors)
        self._spelling = _Turn("search-spelling", self._read_lexicon)
        self._rebuild_wanted = self._closing = False
        self._next_try = self._next_warning = 0.0
        self._next_summing = time.monotonic() + _SUM_EVERY

    def fresh(self) -> tuple[Snapshot, int]:
        """The newest snapshot there is without a long wait, and the database's generation as asked just now.

        Only the first search waits until there is a snapshot.
        """
        generation = self._generation()
        known = self._snapshot.generation
        if generation != known:
            self._wait(self._words.start(), None if known < 0 else _PATIENCE)
        elif time.monotonic() >= self._next_summing:
            self._words.start()
        if self._index_lacks(generation):
            index = self._index.start()
            if generation != known:
                self._wait(index, _FIRST_PATIENCE if known < 0 else _PATIENCE)
        return self._snapshot, generation

    def refresh(self) -> None:
        """Bring words and index to the database's generation, however long it takes; raises what goes wrong."""
        for turn in (self._words, self._index):
            turn.start().result()  # may have begun before the last publication
            turn.start().result()

    def follow(self) -> None:
        """Begin to bring words and index to the database's generation, without waiting."""
        generation = self._generation()
        if generation != self._snapshot.generation:
            self._words.start()
        if self._index_lacks(generation):
            self._index.start()

    def make_vectors(self) -> None:
        """Begin to embed the passages that a new embedder, or one that was missing, has left without vectors."""
        self._vectors.start()

    def embed(self, queries: list[str]) -> tuple[str, Vectors | None]:
        """The embedder that the index goes by, and the queries' vectors; None when it cannot be had: search by words then."""
        name = self.index.embedder or self.embedder.name
        try:
            if name == self.embedder.name:
                return name, self.embedder.encode(queries)
            self._warn(f"the index goes by {name} and this desk embeds by {self.embedder.name}; new vectors are being made")
        except EmbedderUnavailable as error:
            self._warn(str(error))
        return name, None

    def want_rebuild(self) -> None:
        """The index failed: make it again in a moment, behind the searches."""
        self._rebuild_wanted = True

    def close(self) -> None:
        """Stop what is under way; the index is closed by whoever opened it."""
        self._closing = True
        with self.index.stopped():
            for turn in (self._words, self._index, self._vectors, self._spelling):
                turn.end()

    def _index_lacks(self, generation: int) -> bool:
        """Whether the index has something to do, and its last failure is a while ago."""
        return (self._rebuild_wanted or self.index.generation != generation) and time.monotonic() >= self._next_try

    def _generation(self) -> int:
        row = self.database.first(GENERATION)
        return row[0] if row else 0

    @staticmethod
    def _wait(work: Future[None], seconds: float | None) -> None:
        try:
            work.result(timeout=seconds)
        except TimeoutError:
            pass
        except IndexUnavailable as error:
            log.warning("Search goes on without what was last published: %s", error)

    def _warn(self, reason: str) -> None:
        """Tell why searches go by words, once a minute."""
        if time.monotonic() >= self._next_warning:
            log.warning("Searches go by words only: %s", reason)
            self._next_warning = time.monotonic() + _WARN_EVERY

    # ---- on threads of their own ------------------------------------------------------------------------

    def _follow_index(self) -> None:
        try:
            if self._rebuild_wanted:
                self.index.rebuild(self.database)
            else:
                self.index.sync(self.database)
            self._rebuild_wanted = False
        except IndexUnavailable:
            self._rebuild_wanted, self._next_try = True, time.monotonic() + _REBUILD_EVERY
            raise

    def _fill_vectors(self) -> None:
        try:
            fill(self.database, self.embedder, pause=_RESTING, stop=lambda: self._closing)
        except EmbedderUnavailable as error:
            self._warn(str(error))

    def _follow_words(self) -> None:
        before = self._kept_words() if self._snapshot.postings is None else self._snapshot
        from_file = self._snapshot.postings is None and bool(before.ids)
        self._snapshot = self._read_words(before)
        if from_file:
            self._spelling.start()
        if self._snapshot.large is not before.large and not self._snapshot.recent:
            self._save_words()

    def _kept_words(self) -> Snapshot:
        """The words that an earlier process kept; an empty snapshot when there are none that fit."""
        if self.index.words is None:
            return Snapshot()
        with self.database.read() as session:
            kept = word_file.load(self.index.words, _identity(session), generation_of(session))
        if kept is None:
            return Snapshot()
        self._vocabulary = Vocabulary(kept.names)
        rows = {id: row for row, id in enumerate(kept.ids)}
        alive = np.ones(len(rows), np.bool_)
        return Snapshot(kept.generation, tuple(kept.ids), rows, tuple(kept.languages), kept.public, alive, kept.segment)

    def _save_words(self) -> None:
        snapshot = self._snapshot
        if self.index.words and snapshot.large.size >= _WORTH_A_FILE:
            with self.database.read() as session:
                identity = _identity(session)
            names, ids, languages = self._vocabulary.names, list(snapshot.ids), list(snapshot.languages)
            words = word_file.Words(snapshot.generation, names, ids, languages, snapshot.public, snapshot.large)
            word_file.save(self.index.words, words, identity)

    def _read_words(self, known: Snapshot) -> Snapshot:
        """Read the words of what changed since a snapshot."""
        snapshot = known
        with self.database.read() as session:
            generation = generation_of(session)
            columns = (Passage.id, Passage.audience, Passage.language, Passage.title, Passage.heading, Passage.text)
            changed = select(*columns).where(Passage.generation > known.generation)  # type: ignore[call-overload]
            for rows in session.execute(changed.execution_options(yield_per=_TOGETHER)).partitions():
                snapshot = snapshot.after(self._vocabulary, known.generation, [Entry.read(self._vocabulary, row) for row in rows])
                self.lexicon.read(f"{row.title}\n{row.text}" for row in rows)
            gone: set[str] = set()
            if session.exec(select(func.count()).select_from(Passage)).one() != len(snapshot.rows):
                gone = snapshot.rows.keys() - set(session.exec(select(Passage.id)))
            snapshot = snapshot.after(self._vocabulary, generation, [], gone, loose=0 if known.generation < 0 else None)
            embedder = self.index.embedder or self.embedder.name
            self._next_summing = time.monotonic() + _SUM_EVERY
            return replace(snapshot, common=common(session, snapshot.ids, embedder, self.lexicon.abbreviations))

    def _read_lexicon(self) -> None:
        """Read how words are spelled in a share of the passages, when the words themselves came from a file."""
        lexicon, ids = Lexicon(), self._snapshot.ids
        sample = ids[:: max(1, len(ids) // _SPELLED)]
        for start in range(0, len(sample), 500):
            if self._closing:
                return
            with self.database.read() as session:
                wanted = col(Passage.id).in_(sample[start : start + 500])
                found = session.exec(select(Passage.title, Passage.text).where(wanted)).all()
            lexicon.read(f"{title}\n{text}" for title, text in found)
        self.lexicon = lexicon


def _identity(session: Session) -> str:
    """Tells one database from another, and from itself after somebody asked for indexes to be made anew."""
    first = session.exec(select(func.min(Article.created_at))).one()
    return f"{first}/{rebuilds_of(session)}"
