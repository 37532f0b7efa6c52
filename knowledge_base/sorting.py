"""The desk's own categories, learnt from labelled examples: fitted when these or the articles change, kept in SQL.

Examples in other languages are learnt by their English reading. Passages of published articles teach too, but only
examples are held out to say how well it works. With few examples
nothing is fitted, and the nearest examples decide (examples.py).
"""

import io
import json
import time
from dataclasses import asdict
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import func
from sqlmodel import Session, col, select

from knowledge_base.articles import generation_of
from knowledge_base.classifier import MOST, Classifier, Fitted, Guess, Report, Scale
from knowledge_base.embedding import Encoder, Vectors
from knowledge_base.examples import taught_by_articles
from knowledge_base.gloss import gloss, guess_by_small_words
from triage.database import Database
from triage.models import CategoryExample, CategoryModel, now

FEWEST = 30  # examples below which nothing is fitted
_MOST_PASSAGES = 3_000
_LOOK = 3.0  # seconds between looks at whether another model was fitted


class Sorter:
    """The categories as last fitted. May be shared by threads."""

    def __init__(self, database: Database, embedder: Encoder) -> None:
        self.database, self.embedder = database, embedder
        self._classifier: Classifier | None = None
        self._seen: object = None
        self._next_look = 0.0
        self._lock = Lock()

    def sort(self, text: str) -> Guess | None:
        """The category of a text; None when nothing was fitted. Raises EmbedderUnavailable."""
        classifier = self._known()
        return classifier.classify([text], self.embedder.encode([text]))[0] if classifier else None

    @property
    def ready(self) -> bool:
        """Whether there is a fitted model."""
        return self._known() is not None

    def refresh(self) -> None:
        """Look for another model at the next text."""
        self._next_look = 0.0

    def _known(self) -> Classifier | None:
        with self._lock:
            if time.monotonic() >= self._next_look:
                self._next_look = time.monotonic() + _LOOK
                with self.database.read() as session:
                    seen = session.exec(select(CategoryModel.learnt_from, CategoryModel.fitted_at)).first()
                    if seen != self._seen:
                        row = session.get(CategoryModel, 1)
                        usable = row is not None and row.data and row.learnt_from.startswith(f"{self.embedder.name} ")
                        self._classifier = _unpacked(row.data) if row is not None and usable else None
                        self._seen = seen
            return self._classifier


def fit(database: Database, embedder: Encoder) -> str:
    """Fit anew when examples or articles changed since; says what was done. Takes seconds, holds no transaction meanwhile."""
    with database.read() as session:
        wanted = _learnt_from(session, embedder)
        row = session.get(CategoryModel, 1)
        if row is not None and row.learnt_from == wanted:
            return "nothing changed"
        texts, labels, vectors, checked = _examples(session, embedder)
    fitted = None
    if int(checked.sum()) >= FEWEST and len(set(labels)) > 1:
        fitted = Classifier.fit(texts, labels, vectors, checked=checked).fitted
    with database.transaction() as session:
        kept = session.get(CategoryModel, 1) or CategoryModel(id=1)
        kept.learnt_from, kept.fitted_at = wanted, now()
        kept.data = _packed(texts, vectors, fitted) if fitted else b""
        kept.report = asdict(fitted.report) if fitted else {}
        session.add(kept)
    return f"{len(texts)} examples learnt" if fitted else "too few examples"


def report(session: Session) -> tuple[Report | None, bool]:
    """What the fitted model says of itself, None without one; and whether examples changed since."""
    row = session.get(CategoryModel, 1)
    if row is None:
        return None, True
    fresh = row.learnt_from.partition(" ")[2] == _state(session)
    if not row.report:
        return None, not fresh
    said: dict[str, Any] = dict(row.report)
    said["classes"] = {name: tuple(counts) for name, counts in said["classes"].items()}
    said["confused"] = [tuple(pair) for pair in said["confused"]]
    return Report(**said), not fresh


def _learnt_from(session: Session, embedder: Encoder) -> str:
    return f"{embedder.name} {_state(session)}"


def _state(session: Session) -> str:
    counted = session.exec(select(func.count(col(CategoryExample.id)), func.max(CategoryExample.id))).one()
    return f"{counted[0]} {counted[1] or 0} {generation_of(session)}"


def _examples(session: Session, embedder: Encoder) -> "tuple[list[str], list[str], Vectors, np.ndarray[Any, np.dtype[np.bool_]]]":
    """Texts, categories, vectors, and which are labelled examples; the newest ones where there are too many."""
    own = session.exec(select(CategoryExample).order_by(col(CategoryExample.id).desc()).limit(MOST - _MOST_PASSAGES)).all()
    rows = [(row.text, row.category, row.vector) for row in reversed(own)]
    labelled = len(rows)
    rows = _read_in_english(rows, embedder)
    rows += taught_by_articles(session, embedder.name, _MOST_PASSAGES)
    vectors = np.stack([np.frombuffer(vector, np.float32) for _, _, vector in rows]) if rows else np.zeros((0, 0), np.float32)
    return [text for text, _, _ in rows], [category for _, category, _ in rows], vectors, np.arange(len(rows)) < labelled


def _read_in_english(rows: list[tuple[str, str, bytes]], embedder: Encoder) -> list[tuple[str, str, bytes]]:
    """Examples in other languages by their word-for-word reading, as tickets are: the embedder knows English."""
    readings = [gloss(text, guess_by_small_words(text, "en")) for text, _, _ in rows]
    other = [n for n, (text, _, _) in enumerate(rows) if readings[n] != text]
    vectors = dict(zip(other, embedder.encode([readings[n] for n in other]), strict=True)) if other else {}
    return [
        (readings[n], label, vectors[n].astype(np.float32).tobytes() if n in vectors else vector)
        for n, (_, label, vector) in enumerate(rows)
    ]


def _packed(texts: list[str], vectors: Vectors, fitted: Fitted) -> bytes:
    words = json.dumps({"texts": texts, "classes": fitted.classes, "scale": asdict(fitted.scale)}).encode()
    file = io.BytesIO()
    np.savez(file, vectors=vectors, weights=fitted.weights, words=np.frombuffer(words, np.uint8))
    return file.getvalue()


def _unpacked(data: bytes) -> Classifier:
    with np.load(io.BytesIO(data), allow_pickle=False) as kept:
        words = json.loads(kept["words"].tobytes())
        fitted = Fitted(words["classes"], kept["weights"], Scale(**words["scale"]), Report())
        return Classifier(words["texts"], kept["vectors"], fitted)
