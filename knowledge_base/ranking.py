"""Ranking: the features of passages that were proposed, and one linear sum of them.

The weights are fitted on labelled questions (`python -m benchmarks.fit`) and stand in ranking.json. Passages of several
pools are ranked together when their candidates are joined: all that is compared is on the candidates.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge_base.embedding import Vectors
from knowledge_base.kinds import POLICY
from knowledge_base.passages import PassageRow, long_words
from knowledge_base.query import Question
from knowledge_base.steps import Steps

Floats = NDArray[np.float32]

FITTED = ("meaning", "words", "words_long", "parts_long", "heading")
IDENTIFIER = 0.1  # more for a passage that holds the very error code or number asked for
LANGUAGE, CATEGORY = 0.05, 0.03  # more for a passage in the wanted language, of the wanted category
KIND, PRODUCT = 0.02, 0.02  # more or less for a rule, and for an article about the product named or about others
KEPT = 0.1  # more or less for a passage that people always or never kept
OLD, OLD_AFTER = 0.02, timedelta(days=365)  # less for an article that nobody has looked at for so long
_LIFTED = 60  # of the best passages
_NEIGHBOURS, _SUPPORT = 3, 0.5  # passages like it that lift a passage, and by what share of their own score


@dataclass(frozen=True)
class Candidates:
    """Passages proposed for one question, from one pool.

    `vectors` is (n, d) as stored, `seen` (n, d) the same from the pool's centre; `words` (n,) is 0 to 1, `exact` (n,) the
    rarity of the identifiers held, 0 to 1. `asked` (m, d) are the vectors of the question, its parts and its questions, from the pool's centre;
    `whole` (d,) is the question's as encoded. `why` tells which of the question's words a row holds.
    """

    rows: Sequence[PassageRow]
    vectors: Vectors
    seen: Vectors
    words: Floats
    exact: Floats
    asked: Vectors
    whole: Floats
    why: Sequence[Callable[[], list[str]]] = field(default_factory=tuple)

    @property
    def meaning(self) -> Floats:
        """Cosine of each passage with the question, as encoded."""
        return self.vectors @ self.whole

    @property
    def near(self) -> Floats:
        """(n, m): each passage beside the question and its parts, seen from the centre."""
        return self.seen @ self.asked.T


@dataclass(frozen=True)
class Pool:
    """Candidates of one or more pools as ranking sees them; every array goes by the same n rows."""

    rows: Sequence[PassageRow]
    vectors: Vectors
    seen: Vectors
    near: Floats
    meaning: Floats
    words: Floats
    exact: Floats
    why: Sequence[Callable[[], list[str]]]

    @classmethod
    def of(cls, *pools: Candidates) -> "Pool":
        """Candidates of the same question from several pools, to be ranked together."""
        pools = tuple(pool for pool in pools if len(pool.rows))
        if not pools:
            empty = np.zeros(0, np.float32)
            return cls((), empty.reshape(0, 1), empty.reshape(0, 1), empty.reshape(0, 1), empty, empty, empty, ())
        if len(pools) == 1:
            [only] = pools
            return cls(only.rows, only.vectors, only.seen, only.near, only.meaning, only.words, only.exact, only.why)
        return cls(
            [row for pool in pools for row in pool.rows],
            np.concatenate([pool.vectors for pool in pools]),
            np.concatenate([pool.seen for pool in pools]),
            np.concatenate([pool.near for pool in pools]),
            np.concatenate([pool.meaning for pool in pools]),
            np.concatenate([pool.words for pool in pools]),
            np.concatenate([pool.exact for pool in pools]),
            [why for pool in pools for why in pool.why],
        )


@dataclass(frozen=True)
class Wanted:
    """What a search prefers, and what is known of passages beside their text. `kept` is by passage, article, or "" for all."""

    language: str | None = None
    category: str | None = None
    kept: Mapping[str, float] = field(default_factory=dict)
    today: date | None = None


@cache
def weights() -> dict[str, float]:
    """The fitted weights by feature."""
    read: dict[str, float] = json.loads(Path(__file__).with_name("ranking.json").read_text("utf-8"))
    return {name: read[name] for name in FITTED}


def features(question: Question, pool: Pool, steps: Steps) -> dict[str, Floats]:
    """The fitted features: each (n,), about 0 to 1."""
    n = len(pool.rows)
    nothing = np.zeros(n, np.float32)
    parts = pool.near[:, 1 : 1 + len(question.parts)]
    lexical = 1.0 if question.identifier else question.long
    return {
        "meaning": pool.near[:, 0] if steps.meaning else nothing,
        "words": pool.words,
        "words_long": lexical * pool.words,
        "parts_long": question.long * (parts.max(axis=1) if parts.size and steps.parts else pool.near[:, 0]),
        "heading": _headings(question, pool.rows) if steps.heading else nothing,
    }


def scores(question: Question, pool: Pool, wanted: Wanted, steps: Steps, fitted: Mapping[str, float] | None = None) -> Floats:
    """How well each passage answers the question: (n,), about 0 to 1, more is better."""
    fitted = weights() if fitted is None else fitted
    total = np.zeros(len(pool.rows), np.float32)
    for name, values in features(question, pool, steps).items():
        total += np.float32(fitted[name]) * values
    if steps.neighbours and len(pool.rows):
        total = _lifted(total, pool.seen, _SUPPORT * (1 - question.long))
    best = fitted["meaning"] + fitted["words"] + question.long * (fitted["words_long"] + fitted["parts_long"])
    total /= np.float32(best or 1.0)
    if steps.identifiers:
        total += IDENTIFIER * pool.exact
    return total + _preferred(pool.rows, wanted, question, steps)


def _lifted(total: Floats, seen: Vectors, share: float) -> Floats:
    """The best scores mixed with those of the nearest others among them: what is relevant stands close together.

    Score regularisation (Diaz, CIKM 2005) with three neighbours, weighted by squared cosine.
    """
    if share <= 0 or len(total) < 2:
        return total
    best = np.argsort(-total, kind="stable")[:_LIFTED]
    near = np.maximum(seen[best] @ seen[best].T, 0) ** 2
    np.fill_diagonal(near, 0)
    count = min(_NEIGHBOURS, len(best) - 1)
    nearest = np.argpartition(-near, count - 1, axis=1)[:, :count]
    likeness = np.take_along_axis(near, nearest, axis=1)
    support = (likeness * total[best][nearest]).sum(axis=1) / np.maximum(likeness.sum(axis=1), 1e-6)
    mixed = total / np.float32(1 + share)
    mixed[best] += np.float32(share / (1 + share)) * support.astype(np.float32)
    return mixed


def _headings(question: Question, rows: Sequence[PassageRow]) -> Floats:
    """The share of a passage's title and heading that the question says: (n,)."""
    asked = long_words(question.text)
    return np.array([len(asked & row.headed) / len(row.headed) if row.headed else 0.0 for row in rows], np.float32)


def _preferred(rows: Sequence[PassageRow], wanted: Wanted, question: Question, steps: Steps) -> Floats:
    """What is not a matter of the text: language, category, kind, product, what people kept, how long nobody looked at it."""
    language, category = wanted.language or question.language, wanted.category
    total = np.array([LANGUAGE * (row.language == language) + CATEGORY * (row.category == category) for row in rows])
    if steps.kind and question.kind:
        total += (KIND if question.kind == POLICY else -KIND) * np.array([row.kind == "policy" for row in rows])
    if steps.product and question.products:
        total += [_about(row.product, question.products) for row in rows]
    if steps.kept and (kept := wanted.kept):
        usual = kept.get("", 0.5)
        total += KEPT * np.array([kept.get(row.id, kept.get(row.article_id, usual)) - usual for row in rows])
    if steps.freshness and wanted.today:
        before = wanted.today - OLD_AFTER
        total -= OLD * np.array([row.looked_at is not None and row.looked_at < before for row in rows])
    return total.astype(np.float32)


def _about(products: Sequence[str], asked: Sequence[str]) -> float:
    """More for an article about a product that is asked about, less for one about others only."""
    if not products:
        return 0.0
    return -PRODUCT if set(products).isdisjoint(asked) else PRODUCT
