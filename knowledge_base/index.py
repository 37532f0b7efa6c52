"""The vector index in Chroma: made from the passages in SQL, and made again from them whenever in doubt.

One process owns the index in the home folder (a lock file says which); any other holds the vectors in memory. With
`chroma_url` all share a Chroma server. Public and internal passages are in collections of their own, so that a
public search cannot meet an internal passage, and needs no filter.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import IO, Any
from uuid import uuid4

import numpy as np
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from knowledge_base.articles import AUDIENCES, generation_of
from knowledge_base.building import Build
from knowledge_base.embedding import Vectors
from knowledge_base.index_folder import check, empty, mark_clean, owner_lock
from knowledge_base.index_memory import MemoryClient
from knowledge_base.vectors import matrix, rebuilds_of, whole_embedder
from triage.database import Database
from triage.errors import IndexUnavailable
from triage.models import Passage, PassageVector
from triage.settings import Settings

log = logging.getLogger(__name__)
Progress = Callable[[int, int], None]

_CONFIGURATION = {
    "hnsw": {"space": "cosine", "sync_threshold": 2000, "ef_construction": 128, "ef_search": 128, "max_neighbors": 24}
}
_BATCH = 1000
_LOCK_KEY = 0x7472_6962  # advisory lock on PostgreSQL: one process at a time brings a shared server up to date


class _Stopped(Exception):
    """The process ends while a build is under way."""

    def __str__(self) -> str:
        return "the desk was closed; the next one makes it"


class Index:
    """Vectors by nearness. All methods may be called from any thread."""

    def __init__(self, kind: str, connect: Callable[[], Any], home: Path | None, *, lock: IO[str] | None = None) -> None:
        self.kind, self._connect, self._lock = kind, connect, lock
        self.folder = home / "index" if home and kind == "owner" else None
        self.words = home / "index-words.npz" if home else None  # beside the index: what word_file keeps
        self._stopping = False
        self._prefix = "passages" if kind != "memory" else f"passages-{uuid4().hex}"
        self._client: Any = None
        self._collections: dict[str, Any] = {}
        self._known: dict[str, set[str]] | None = None
        self._trusted = False
        self._writing = Lock()

    @classmethod
    def open(cls, home: Path, settings: Settings) -> "Index":
        """Open the index of a home folder, or the server of the settings; a broken one is removed, `sync` makes it again."""
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        quiet = ChromaSettings(anonymized_telemetry=False)
        if settings.chroma_url:
            host, _, port = settings.chroma_url.removeprefix("http://").rstrip("/").partition(":")
            return cls("server", lambda: chromadb.HttpClient(host, int(port or 8000), settings=quiet), home)._attached()
        folder = home / "index"
        folder.mkdir(parents=True, exist_ok=True)
        lock = owner_lock(home / "index.lock")
        if lock is None:
            return cls.in_memory(home)
        if problem := check(folder):
            log.warning("The search index in %s is made again: %s", folder, problem)
            empty(folder)
        path = str(folder / "chroma")
        return cls("owner", lambda: chromadb.PersistentClient(path, settings=quiet), home, lock=lock)._attached()

    @classmethod
    def in_memory(cls, home: Path | None = None) -> "Index":
        """An index of this process alone, which nobody else sees; with a home folder its words are kept there."""
        return cls("memory", MemoryClient, home)._attached()

    @property
    def generation(self) -> int:
        """The publication up to which all collections are complete; -1 when one is missing."""
        known = [self._collections[a].metadata["generation"] for a in AUDIENCES if a in self._collections]
        return min(known) if len(known) == len(AUDIENCES) else -1

    @property
    def embedder(self) -> str:
        """Whose vectors the index holds; a query must be embedded by the same. Empty while there is no index."""
        return str(self._stored("embedder")) if len(self._collections) == len(AUDIENCES) else ""

    def query(self, vectors: Vectors, *, audience: str, n: int) -> list[list[str]]:
        """For each vector the ids of about the `n` nearest passages; audience "internal" means all passages.

        Raises IndexUnavailable when Chroma fails; `rebuild` is the remedy.
        """
        found: list[list[str]] = [[] for _ in vectors]
        for shelf in AUDIENCES if audience == "internal" else ("public",):
            for ids, more in zip(found, self._query_one(shelf, vectors, n), strict=True):
                ids += more
        return found

    def sync(self, database: Database, most: int | None = None) -> int:
        """Bring the index to the database's generation; returns how many passages were written or removed.

        With `most`, an index that would have to be made anew from more passages than that is left for later.
        """
        with self._writing:
            with database.read() as session:
                generation = generation_of(session)
            if self.kind == "server":
                self._attach()
            if self.generation == generation and self._knows(database):
                return 0
            with _turn(database, needed=self.kind == "server") as mine:
                return self._bring(database, most) if mine else 0

    def rebuild(self, database: Database, progress: Progress | None = None) -> int:
        """Make the index anew beside the old one, which answers meanwhile; returns how many passages it holds."""
        with self._writing, _turn(database, needed=self.kind == "server") as mine:
            return self._rebuild(database, progress) if mine else 0

    def check(self) -> str | None:
        """None when the index answers, else what is wrong in one line."""
        probe = np.full((1, _dimensions(self._collections)), 0.05, np.float32)
        try:
            self.query(probe, audience="internal", n=1)
        except IndexUnavailable as error:
            return str(error)
        return None if self.generation >= 0 else "a collection is missing"

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Inside, a build under way is given up and none goes on; the old index stays."""
        self._stopping = True
        try:
            yield
        finally:
            self._stopping = False

    def close(self) -> None:
        """Let go of the index; the next start then need not look for damage."""
        with self.stopped(), self._writing:
            if self._client is not None:
                if self.kind == "memory":
                    for collection in self._collections.values():
                        self._client.delete_collection(collection.name)
                self._client.close()
                self._client, self._collections = None, {}
                if self.folder:
                    mark_clean(self.folder)
            if self._lock:
                self._lock.close()
                self._lock = None

    # ---- inside ---------------------------------------------------------------------------------------

    def _attached(self) -> "Index":
        try:
            self._client = self._connect()
            self._attach()
        except Exception as error:  # Chroma raises whatever its parts raise
            if self._lock:
                self._lock.close()
            raise IndexUnavailable(
                f"The search index cannot be opened ({_line(error)}). Check chroma_url and that its server runs."
            ) from error
        return self

    def _attach(self) -> None:
        """Look up the collections by name, and remove what an interrupted rebuild left."""
        names = {collection.name: collection for collection in self._client.list_collections()}
        self._collections = {a: names[self._name(a)] for a in AUDIENCES if self._name(a) in names}
        if self.kind == "owner":
            for name in set(names) - {self._name(a) for a in AUDIENCES}:
                self._client.delete_collection(name)

    def _name(self, audience: str) -> str:
        return f"{self._prefix}-{audience}"

    def _stored(self, key: str) -> Any:
        return (self._collections["public"].metadata or {}).get(key)

    def _query_one(self, audience: str, vectors: Vectors, n: int) -> list[list[str]]:
        for attempt in (1, 2):  # a second time, because a rebuild may just have put another collection in place
            collection = self._collections.get(audience)
            if collection is None:
                raise IndexUnavailable("The search index is not built yet; it is made from the database in a moment.")
            try:
                found = collection.query(query_embeddings=vectors, n_results=n, include=[])
                return [list(ids) for ids in found["ids"]]
            except Exception as error:  # Chroma raises whatever its parts raise
                if attempt == 2 or collection is self._collections.get(audience):
                    raise IndexUnavailable(
                        f"The search index does not answer ({_line(error)}); it will be made again."
                    ) from error
        raise AssertionError("unreachable")

    def _knows(self, database: Database) -> bool:
        """Whether the index was made from this very database; asked once, because it takes a look at every passage."""
        if not self._trusted:
            with database.read() as session:
                self._trusted = self._stored("fingerprint") == _fingerprint(session)
        return self._trusted

    def _bring(self, database: Database, most: int | None) -> int:
        """Apply what changed, or rebuild when that cannot be trusted."""
        with database.read() as session:
            generation, count = generation_of(session), _count(session)
            asked = (whole_embedder(session), rebuilds_of(session))
        other = not self._trusted and self.generation == generation  # same number, other content: another database
        if self.generation < 0 or other or self.generation > generation or (self.embedder, self._stored("rebuilds")) != asked:
            return self._rebuild(database, None) if most is None or count <= most else 0
        try:
            return self._apply(database)
        except Exception as error:  # Chroma raises whatever its parts raise
            log.warning("The search index could not be brought up to date and is made again: %s", _line(error))
            return self._rebuild(database, None)

    def _apply(self, database: Database) -> int:
        """Write what was published since, remove what is gone; only when the counts differ is every id compared."""
        known, written = self._known_ids(), 0
        with database.read() as session:
            state = _state(session)
            for audience, rows in _batches(session, since=self.generation):
                ids = {row.id for row in rows}
                for other in set(AUDIENCES) - {audience}:
                    written += self._delete(other, known[other] & ids)
                self._upsert(self._collections[audience], rows)
                known[audience] |= ids
                written += len(rows)
            if sum(map(len, known.values())) != _count(session):
                current = _ids(session)
                for audience in AUDIENCES:
                    written += self._delete(audience, known[audience] - current[audience])
                if known != current:
                    raise IndexUnavailable("it lacks passages that were there before")
            if not self._trusted:
                state["fingerprint"] = _fingerprint(session)
        for audience in AUDIENCES:
            self._collections[audience].modify(metadata=state)
        self._trusted = True
        return written

    def _delete(self, audience: str, gone: set[str]) -> int:
        ids = sorted(gone)
        for start in range(0, len(ids), _BATCH):
            self._collections[audience].delete(ids=ids[start : start + _BATCH])
        self._known_ids()[audience] -= gone
        return len(gone)

    def _rebuild(self, database: Database, progress: Progress | None) -> int:
        try:
            return self._build(database, progress)
        except _Stopped:
            return 0
        except Exception as error:  # Chroma raises whatever its parts raise
            if self.kind != "owner":
                raise IndexUnavailable(
                    f"The search index cannot be written ({_line(error)}). Check the Chroma server."
                ) from error
            log.warning("The folder of the search index is damaged and is made again: %s", _line(error))
        self._client.close()
        assert self.folder
        empty(self.folder)
        self._attached()
        return self._build(database, progress)

    def _build(self, database: Database, progress: Progress | None) -> int:
        """Blue/green: fill new collections, answer from them, then give them the old ones' names.

        What is published meanwhile is newer than the generation the new ones count as, so the next `sync` brings it.
        """
        with database.read() as session:
            state, total = _state(session), _count(session)
        names = {audience: f"{self._name(audience)}-next-{uuid4().hex[:8]}" for audience in AUDIENCES}
        fresh = {a: self._create(name, {**state, "generation": -1}) for a, name in names.items()}
        with nullcontext() if self.kind == "memory" else Build(database, "index", state["embedder"], total) as build:
            done = 0
            for done in self._fill(database, fresh, state["embedder"]):
                if build:
                    build.at(done)
                if progress:
                    progress(done, max(done, total))
        old = self._collections
        for collection in fresh.values():
            collection.modify(metadata=state)
        self._collections, self._known, self._trusted = fresh, None, True
        for audience in AUDIENCES:
            if audience in old:
                self._client.delete_collection(old[audience].name)
            fresh[audience].modify(name=self._name(audience))
        return done

    def _fill(self, database: Database, collections: dict[str, Any], embedder: str) -> Iterator[int]:
        """Write all passages that have a vector, a thousand at a time; yields how many are written."""
        done = 0
        for audience, collection in collections.items():
            last = ""
            while rows := _page(database, audience, embedder, after=last):
                if self._stopping:
                    raise _Stopped
                self._upsert(collection, rows)
                last, done = rows[-1].id, done + len(rows)
                yield done

    def _create(self, name: str, metadata: dict[str, Any]) -> Any:
        return self._client.create_collection(name, configuration=_CONFIGURATION, metadata=metadata, embedding_function=None)

    @staticmethod
    def _upsert(collection: Any, rows: list[Any]) -> None:
        collection.upsert(ids=[row.id for row in rows], embeddings=matrix(rows))

    def _known_ids(self) -> dict[str, set[str]]:
        if self._known is None or self.kind == "server":
            self._known = {a: set(self._collections[a].get(include=[])["ids"]) for a in AUDIENCES}
        return self._known


@contextmanager
def _turn(database: Database, *, needed: bool) -> Iterator[bool]:
    """Whether it is this process's turn to write to a shared server; elsewhere the owner lock has settled that."""
    if not needed or database.is_sqlite:
        yield True
        return
    with database.read() as session:
        yield bool(session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK_KEY}).scalar())


def _state(session: Session) -> dict[str, Any]:
    """What a collection remembers of the database it was made from."""
    return {
        "generation": generation_of(session),
        "embedder": whole_embedder(session),
        "rebuilds": rebuilds_of(session),
        "fingerprint": _fingerprint(session),
    }


def _fingerprint(session: Session) -> str:
    """Tells one database's passages from another's, by statements that each need an index only."""
    statements = (
        select(func.count(), func.sum(Passage.generation)).select_from(Passage),
        select(func.min(Passage.id)),
        select(func.max(Passage.id)),
    )
    return "/".join(str(value) for statement in statements for value in session.execute(statement).one())


def _searched(*columns: Any, embedder: str) -> Any:
    """A selection of passages with the vectors of one embedder."""
    made = (col(PassageVector.passage_id) == Passage.id) & (col(PassageVector.embedder) == embedder)
    return select(*columns).join(PassageVector, made)


def _count(session: Session) -> int:
    made = select(func.count()).select_from(PassageVector).where(PassageVector.embedder == whole_embedder(session))
    return session.exec(made).one()


def _ids(session: Session) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {audience: set() for audience in AUDIENCES}
    for passage, audience in session.execute(_searched(Passage.id, Passage.audience, embedder=whole_embedder(session))):
        found[audience].add(passage)
    return found


def _batches(session: Session, *, since: int) -> Iterator[tuple[str, list[Any]]]:
    """Rows (id, vector) written after a generation, by audience, at most 1,000 at a time."""
    for audience in AUDIENCES:
        statement = _searched(Passage.id, PassageVector.vector, embedder=whole_embedder(session))
        statement = statement.where(Passage.audience == audience, Passage.generation > since)
        for rows in session.execute(statement.execution_options(yield_per=_BATCH)).partitions():
            yield audience, list(rows)


def _page(database: Database, audience: str, embedder: str, *, after: str) -> list[Any]:
    """The next 1,000 rows (id, vector) of an audience by id, in a short session of its own."""
    statement = _searched(Passage.id, PassageVector.vector, embedder=embedder)
    statement = statement.where(Passage.audience == audience, Passage.id > after).order_by(Passage.id).limit(_BATCH)
    with database.read() as session:
        return list(session.execute(statement))


def _dimensions(collections: dict[str, Any]) -> int:
    from knowledge_base.embedding import DIMENSIONS

    return DIMENSIONS if collections else 1


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
