"""The second pool: replies that were approved and delivered, searched by what was asked.

A precedent shows how people answered a like question and which articles they cited. It is no source: a reply cites
the articles, never the case. SQL is the truth and holds the vectors; this keeps them as one matrix.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
from sqlalchemy import func
from sqlmodel import Session, col, select

from knowledge_base.embedding import Encoder, Vectors
from triage.database import Database
from triage.models import SolvedCase, Status, Ticket

NEAR = 0.55  # similarity of questions from which on a case is a precedent
_NEWEST = 20_000  # cases searched
_BATCH = 64
_COUNTED = select(func.count(col(SolvedCase.id)), func.max(SolvedCase.decision_id))
_STANDING = (Status.DELIVERED, Status.RESOLVED)  # while the customer has come back, the answer may have been wrong


@dataclass(frozen=True)
class Precedent:
    """A solved case that is near a question; `score` is the similarity of the questions (0 to 1)."""

    case: int
    ticket: int
    question: str
    answer: str
    articles: tuple[str, ...]
    day: str
    score: float


class SolvedPool:
    """Finds precedents; may be shared by threads. Follows the table by one small SELECT a search."""

    def __init__(self, database: Database, embedder: Encoder) -> None:
        self.database, self.embedder = database, embedder
        self._seen: tuple[int, int] = (-1, -1)
        self._ids: list[int] = []
        self._vectors: Vectors = np.zeros((0, 0), np.float32)
        self._lock = Lock()

    def search(self, questions: Sequence[str], *, language: str = "", besides: int | None = None, k: int = 3) -> list[Precedent]:
        """The nearest cases to any of the questions, best first; of `language` when given, and not of the ticket `besides`."""
        ids, vectors = self._followed()
        if not ids or not questions:
            return []
        near = (vectors @ self.embedder.encode(list(questions)).T).max(axis=1)
        best = {ids[n]: float(near[n]) for n in np.argsort(-near, kind="stable")[: 8 * k] if near[n] >= NEAR}
        with self.database.read() as session:
            rows = _standing(session, list(best), language, besides)
        found = sorted((_precedent(row, best[row.id or 0]) for row in rows), key=lambda precedent: -precedent.score)
        distinct = {precedent.answer: precedent for precedent in reversed(found)}  # of equal answers the nearest
        return sorted(distinct.values(), key=lambda precedent: -precedent.score)[:k]

    def embed(self) -> int:
        """Give vectors to the cases that have none of this embedder; returns how many. No session is held meanwhile."""
        done = 0
        while batch := self._without_vector():
            vectors = self.embedder.encode([question for _, question in batch])
            self.database.run_now(partial(self._write, batch=batch, vectors=vectors))
            done += len(batch)
        return done

    def _without_vector(self) -> list[tuple[int, str]]:
        with self.database.read() as session:
            lacking = select(SolvedCase.id, SolvedCase.question).where(SolvedCase.embedder != self.embedder.name)
            rows = session.exec(lacking.order_by(col(SolvedCase.id).desc()).limit(_BATCH))
            return [(number, question) for number, question in rows if number is not None]

    def _write(self, session: Session, batch: Sequence[tuple[int, str]], vectors: Vectors) -> None:
        for (number, _), vector in zip(batch, vectors, strict=True):
            if case := session.get(SolvedCase, number):  # it may have been removed meanwhile
                case.embedder, case.vector = self.embedder.name, vector.tobytes()
                session.add(case)

    def _followed(self) -> tuple[list[int], Vectors]:
        """The matrix as the table stands; cases delivered since are embedded first."""
        with self._lock:
            if self._newest() != self._seen:
                self.embed()
                seen = self._newest()  # before the rows: a case that comes in between is only read again
                with self.database.read() as session:
                    columns = select(SolvedCase.id, SolvedCase.vector).where(SolvedCase.embedder == self.embedder.name)
                    rows = session.exec(columns.order_by(col(SolvedCase.id).desc()).limit(_NEWEST)).all()
                self._ids = [number for number, _ in rows if number is not None]
                self._vectors = np.stack([np.frombuffer(vector, np.float32) for _, vector in rows]) if rows else self._vectors[:0]
                self._seen = seen
            return self._ids, self._vectors

    def _newest(self) -> tuple[int, int]:
        """How many cases there are and the newest decision among them; SQLite gives a removed case's id to the next one."""
        row = self.database.first(_COUNTED)
        return (row[0], row[1] or 0) if row else (0, 0)


def _standing(session: Session, ids: list[int], language: str, besides: int | None) -> list[SolvedCase]:
    statement = select(SolvedCase).join(Ticket, col(Ticket.id) == SolvedCase.ticket_id)
    statement = statement.where(col(SolvedCase.id).in_(ids), col(Ticket.status).in_(_STANDING), SolvedCase.ticket_id != besides)
    return list(session.exec(statement.where(SolvedCase.language == language) if language else statement))


def _precedent(case: SolvedCase, score: float) -> Precedent:
    return Precedent(
        case.id or 0,
        case.ticket_id,
        case.question,
        case.answer,
        tuple(case.articles),
        f"{case.solved_at:%Y-%m-%d}",
        round(score, 4),
    )
