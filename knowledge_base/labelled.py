"""Labelled messages as vectors: which category a question belongs to, told by those nearest to it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from sqlmodel import Session, col, select

from knowledge_base.embedding import DIMENSIONS, Vectors
from triage.models import CategoryExample

_VOTERS, _AGREE, _NEAR = 5, 4, 0.45  # of the five nearest examples four agree, and each is at least so near by cosine
_MOST = 5_000


@dataclass(frozen=True)
class Labelled:
    """`vectors` is float32 (n, d) as encoded, `categories` are n slugs."""

    categories: tuple[str, ...] = ()
    vectors: Vectors = field(default_factory=lambda: np.zeros((0, DIMENSIONS), np.float32))

    @classmethod
    def load(cls, session: Session) -> "Labelled":
        """The newest examples; those whose vectors are of another length were made by another embedder and are left out."""
        newest = select(CategoryExample.category, CategoryExample.vector).order_by(col(CategoryExample.id).desc()).limit(_MOST)
        rows = [(category, np.frombuffer(vector, np.float32)) for category, vector in session.exec(newest)]
        rows = [(category, vector) for category, vector in rows if vector.shape == (DIMENSIONS,)]
        return cls(tuple(category for category, _ in rows), np.stack([vector for _, vector in rows])) if rows else cls()

    def category(self, vector: Vectors) -> str | None:
        """The category of a question's vector (d,), None unless nearly all of the nearest examples agree."""
        if len(self.categories) < _VOTERS:
            return None
        near = self.vectors @ vector
        voters = np.argpartition(-near, _VOTERS - 1)[:_VOTERS]
        votes = Counter(self.categories[n] for n in voters if near[n] >= _NEAR)
        category, agree = max(votes.items(), key=lambda vote: vote[1], default=("", 0))
        return category if agree >= _AGREE else None
