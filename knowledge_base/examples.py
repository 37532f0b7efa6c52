"""Labelled example messages: where the classes of tickets come from when no language model decides.

`Nearest` gives the examples near a text, and classifies by two views of the same vectors: a linear classifier
fitted in closed form, and the vote of the nearest examples. Passages of published articles count as examples of
their category: they know words that two dozen messages do not.
"""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from sqlalchemy import func
from sqlmodel import Session, col, select

from knowledge_base.articles import generation_of
from knowledge_base.embedding import Embed, Encoder, Vectors, as_encoder
from triage.database import Database
from triage.errors import InputError
from triage.models import Category, CategoryExample, Passage, PassageVector, Team

_RIDGE = 1.0  # strength of the pull to 0
_SHARPNESS = 8.0  # turns the linear classifier's scores into probabilities
_VOTES = 0.3  # share of the neighbours' vote in the result
_VOTERS = 12
_MOST_PASSAGES = 5000
_CLOSENESS = 12.0  # how much more a nearer example counts


def load_taxonomy(session: Session, categories: Path, examples: Path, *, embed: Embed) -> int:
    """Bring categories (TOML, `[[category]]`) and examples (JSON Lines, `text` and `category`) to what the files say.

    Only texts that are new are embedded; returns how many. Raises InputError with file and line for what cannot be used.
    """
    slugs = _load_categories(session, categories)
    wanted = _read_examples(examples, slugs)
    known = {(row.text, row.category): row for row in session.exec(select(CategoryExample))}
    for key, row in known.items():
        if key not in wanted:
            session.delete(row)
    session.flush()
    for slug in set(session.exec(select(Category.slug))) - slugs:
        session.delete(session.get(Category, slug))
    fresh = [key for key in wanted if key not in known]
    vectors = as_encoder(embed).encode([text for text, _ in fresh])
    session.add_all(
        CategoryExample(category=slug, text=text, vector=vector.tobytes())
        for (text, slug), vector in zip(fresh, vectors, strict=True)
    )
    session.flush()
    return len(fresh)


def _load_categories(session: Session, path: Path) -> set[str]:
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("category", [])
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"it is not TOML ({error}).", source=path.name) from error
    slugs: set[str] = set()
    for table in tables:
        if not table.get("slug") or not table.get("title"):
            raise InputError("every [[category]] needs a slug and a title.", source=path.name)
        category = session.get(Category, table["slug"]) or Category(slug=table["slug"], title="")
        category.title, category.description = table["title"], table.get("description", "")
        category.default_priority, category.team = (
            table.get("default_priority", "normal"),
            table.get("team", table.get("group", "")),
        )
        session.add(category)
        if category.team and session.get(Team, category.team) is None:
            session.add(Team(name=category.team))
            session.flush()
        slugs.add(category.slug)
    session.flush()
    return slugs


def _read_examples(path: Path, slugs: set[str]) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, slug = str(row["text"]).strip(), str(row["category"])
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise InputError("a line needs a JSON object with text and category.", source=path.name, line=number) from error
        if slug not in slugs:
            raise InputError(
                f"there is no category {slug}; use one of {', '.join(sorted(slugs))}.", source=path.name, line=number
            )
        found[text, slug] = None
    return list(found)


def taught_by_articles(session: Session, embedder: str, most: int) -> list[tuple[str, str, bytes]]:
    """Passages of published articles as examples of their category: (title and heading, category, vector)."""
    published = (
        select(Passage.title, Passage.heading, Passage.category, PassageVector.vector)
        .join(PassageVector, col(PassageVector.passage_id) == Passage.id)
        .where(
            Passage.audience == "public",
            PassageVector.embedder == embedder,
            col(Passage.category).in_(select(Category.slug)),
        )
    )
    return [
        (f"{title} › {heading}" if heading else title, category, vector)
        for title, heading, category, vector in session.exec(published.order_by(col(Passage.id)).limit(most))
    ]


@dataclass(frozen=True)
class Classifier:
    """Examples as numbers. `vectors` is (n, d), `labels` (n,) numbers into `classes`, `weights` (d + 1, classes)."""

    texts: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    labels: Any = None
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    weights: Any = None

    @classmethod
    def fit(cls, texts: list[str], categories: list[str], vectors: Vectors) -> "Classifier":
        """Ridge regression on one column a class, every class weighing the same however many examples it has."""
        classes = sorted(set(categories))
        labels = np.array([classes.index(category) for category in categories])
        targets = np.eye(len(classes))[labels]
        share = (1 / (np.bincount(labels) * len(classes)))[labels][:, None] * len(labels)
        inputs = np.hstack([vectors.astype(np.float64), np.ones((len(vectors), 1))])
        gram = inputs.T @ (inputs * share) + _RIDGE * np.eye(inputs.shape[1])
        weights = np.linalg.solve(gram, inputs.T @ (targets * share))
        return cls(texts, classes, labels, vectors, weights)

    def probabilities(self, vectors: Vectors) -> Any:
        """float64 (n, classes), each row adding up to 1: the linear classifier mixed with the neighbours' vote."""
        linear = _softmax(_SHARPNESS * (np.hstack([vectors, np.ones((len(vectors), 1))]) @ self.weights))
        similarity = vectors @ self.vectors.T
        voters = np.argsort(-similarity, axis=1)[:, :_VOTERS]
        near = _softmax(_CLOSENESS * np.take_along_axis(similarity, voters, axis=1))
        votes = np.zeros_like(linear)
        for row, (columns, shares) in enumerate(zip(self.labels[voters], near, strict=True)):
            np.add.at(votes[row], columns, shares)
        return (1 - _VOTES) * linear + _VOTES * votes


class Nearest:
    """The examples of the database, read again when they or the published articles change. May be shared by threads."""

    def __init__(self, database: Database, embedder: Encoder) -> None:
        self.database, self.embedder = database, embedder
        self._seen: tuple[Any, ...] = ()
        self._classifier = Classifier()
        self._lock = Lock()

    def neighbours(self, text: str, k: int = 8) -> list[tuple[str, str, float]]:
        """The `k` nearest examples as (text, category, cosine similarity), nearest first; an article's passage by its headings."""
        known = self._known()
        if not known.texts:
            return []
        similarity = known.vectors @ self.embedder.encode([text])[0]
        return [
            (known.texts[n], known.classes[known.labels[n]], float(similarity[n]))
            for n in np.argsort(-similarity, kind="stable")[:k]
        ]

    def classify(self, text: str) -> tuple[str, float, list[tuple[str, float]]]:
        """The category, how sure (0 to 1), and all categories with their probabilities, best first.

        Without examples it answers ("", 0.0, []).
        """
        known = self._known()
        if not known.texts:
            return "", 0.0, []
        probabilities = known.probabilities(self.embedder.encode([text]))[0]
        ranking = [(known.classes[n], float(probabilities[n])) for n in np.argsort(-probabilities, kind="stable")]
        return ranking[0][0], ranking[0][1], ranking

    def _known(self) -> Classifier:
        with self.database.read() as session:
            counted = session.exec(select(func.count(col(CategoryExample.id)), func.max(CategoryExample.id))).one()
            seen = (*counted, generation_of(session))
            with self._lock:
                if seen != self._seen:
                    self._classifier, self._seen = self._fit(session), seen
                return self._classifier

    def _fit(self, session: Session) -> Classifier:
        rows = [
            (row.text, row.category, row.vector)
            for row in session.exec(select(CategoryExample).order_by(col(CategoryExample.id)))
        ]
        rows += taught_by_articles(session, self.embedder.name, _MOST_PASSAGES)
        if not rows:
            return Classifier()
        vectors = np.stack([np.frombuffer(vector, np.float32) for _, _, vector in rows])
        return Classifier.fit([text for text, _, _ in rows], [category for _, category, _ in rows], vectors)


def _softmax(scores: Any) -> Any:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
