"""The vectors of passages in SQL: one for each passage and embedder.

Searches go by the embedder whose vectors are whole. When another one takes its place, its vectors are made beside
the old ones, which go on serving; only when no passage lacks one does the index change over.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from knowledge_base.articles import next_generation, passage_vectors
from knowledge_base.building import Build, busy
from knowledge_base.embedding import Encoder
from triage.database import Database
from triage.models import IndexBuild, IndexState, Passage, PassageVector, now

log = logging.getLogger(__name__)

_TOGETHER = 64  # passages embedded at once, for half a second or so
_KEPT = timedelta(days=1)  # how long the vectors of a former embedder stay, for processes that still use them
Progress = Callable[[int, int], None]


def whole_embedder(session: Session) -> str:
    """The embedder whose vectors searches go by; empty in a base that has none yet."""
    return session.exec(select(IndexState.embedder).where(IndexState.id == 1)).first() or ""


def rebuilds_of(session: Session) -> int:
    """How often somebody asked for indexes to be made anew."""
    return session.exec(select(IndexState.rebuilds).where(IndexState.id == 1)).first() or 0


def ask_for_rebuild(session: Session) -> None:
    """Have every process make its index anew, its old one serving meanwhile."""
    next_generation(session)
    asked = update(IndexState).where(col(IndexState.id) == 1).values(rebuilds=col(IndexState.rebuilds) + 1)
    session.execute(asked.execution_options(synchronize_session=False))


def lacking(session: Session, embedder: str) -> int:
    """How many passages have no vector of this embedder."""
    passages = session.exec(select(func.count()).select_from(Passage)).one()
    made = session.exec(select(func.count()).select_from(PassageVector).where(PassageVector.embedder == embedder)).one()
    return passages - made


def fill(
    database: Database,
    encoder: Encoder,
    progress: Progress | None = None,
    *,
    pause: float = 0.0,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Make the vectors that passages lack, then let searches go by this embedder; returns how many were made.

    Other processes may search and publish meanwhile. `pause` is the share of the time to rest in between, so that a desk
    at work stays quick; `stop` is asked between batches, what is made by then stays. Does nothing while another process does it. Raises EmbedderUnavailable when there is no model.
    """
    with database.read() as session:
        missing = lacking(session, encoder.name)
        if not missing and whole_embedder(session) in ("", encoder.name):
            return 0
        if busy(session, "vectors"):
            return 0
    encoder.encode(["ready?"])  # raises before anything is written down
    made = 0
    with Build(database, "vectors", encoder.name, missing) as build:
        while not stop() and (rows := _rows_without(database, encoder.name)):
            began = time.monotonic()
            vectors = passage_vectors(encoder, [(row.title, row.heading, row.text) for row in rows])
            made += database.run_now(lambda session, rows=rows, vectors=vectors: _write(session, encoder.name, rows, vectors))  # type: ignore[misc]
            build.at(made)
            if progress:
                progress(made, max(made, missing))
            time.sleep(pause * (time.monotonic() - began))
        database.run_now(lambda session: _change_over(session, encoder.name))
    return made


def forget_former(session: Session) -> int:
    """Remove the vectors of embedders that were replaced a day ago or more; returns how many."""
    whole = whole_embedder(session)
    made = select(func.max(IndexBuild.ended_at)).where(IndexBuild.kind == "vectors", IndexBuild.embedder == whole)
    ended = session.exec(made).one()
    if not whole or (ended is not None and ended > now() - _KEPT):
        return 0
    gone = session.execute(delete(PassageVector).where(col(PassageVector.embedder) != whole))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _rows_without(database: Database, embedder: str) -> list[Any]:
    made = select(PassageVector.passage_id).where(PassageVector.embedder == embedder)
    columns = (Passage.id, Passage.generation, Passage.title, Passage.heading, Passage.text)
    statement = select(*columns).where(col(Passage.id).not_in(made)).limit(_TOGETHER)  # type: ignore[call-overload]
    with database.read() as session:
        return list(session.execute(statement))


def _write(session: Session, embedder: str, rows: list[Any], vectors: Any) -> int:
    """Keep the vectors of passages that are still as they were read; tell indexes when they go by this embedder."""
    generation = next_generation(session) if whole_embedder(session) == embedder else None
    ids = [row.id for row in rows]
    present = dict(session.exec(select(Passage.id, Passage.generation).where(col(Passage.id).in_(ids))).all())
    known = set(
        session.exec(
            select(PassageVector.passage_id).where(PassageVector.embedder == embedder, col(PassageVector.passage_id).in_(ids))
        )
    )
    kept = [
        (row.id, vector)
        for row, vector in zip(rows, vectors, strict=True)
        if present.get(row.id) == row.generation and row.id not in known
    ]
    session.add_all(PassageVector(embedder=embedder, passage_id=id, vector=vector.tobytes()) for id, vector in kept)
    if generation is not None and kept:
        changed = update(Passage).where(col(Passage.id).in_([id for id, _ in kept])).values(generation=generation)
        session.execute(changed.execution_options(synchronize_session=False))
    return len(kept)


def _change_over(session: Session, embedder: str) -> None:
    """Let searches go by this embedder, unless a publication of this very moment lacks its vector."""
    next_generation(session)
    if whole_embedder(session) != embedder and lacking(session, embedder) == 0:
        state = session.get_one(IndexState, 1, populate_existing=True)
        state.embedder = embedder
        session.add(state)
        log.info("Searches go by the vectors of %s from now on.", embedder)


def matrix(rows: list[Any]) -> Any:
    """The vectors of rows as float32 (n, d)."""
    return np.stack([np.frombuffer(row.vector, np.float32) for row in rows])
