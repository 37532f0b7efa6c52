"""Logistic models fitted with numpy alone: over hashed pieces of text, and over vectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.guardrails.grams import BUCKETS, pieces
from triage.guardrails.patterns import fold

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Hashed:
    """Texts as rows of hashed pieces: `buckets` of all rows one after another, `starts` of each row, `scale` 1/sqrt(pieces)."""

    buckets: NDArray[np.int64]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @property
    def scale(self) -> Floats:
        return 1 / np.sqrt(np.maximum(self.sizes, 1).astype(np.float64))

    def some(self, rows: NDArray[np.int64]) -> "Hashed":
        parts = [self.buckets[self.starts[row] : self.starts[row] + self.sizes[row]] for row in rows.tolist()]
        sizes = self.sizes[rows]
        return Hashed(np.concatenate(parts), np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)


def hashed(texts: Sequence[str]) -> Hashed:
    rows = [pieces(fold(text)).buckets for text in texts]
    sizes = np.array([len(row) for row in rows], np.int64)
    return Hashed(np.concatenate(rows), np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes)


def fit_hashed(
    data: Hashed, labels: Floats, shares: Floats, *, pull: float, steps: int = 60, rate: float = 0.15
) -> tuple[Singles, float]:
    """Weights (BUCKETS,) and bias of a logistic model; `shares` weigh the rows, `pull` draws weights to 0 (Adam)."""
    weights, bias = np.zeros(BUCKETS), float(np.log((shares @ labels) / (shares @ (1 - labels))))
    row_of = np.repeat(np.arange(len(data.sizes)), data.sizes)
    scale, shares = data.scale, shares / shares.sum()
    moment, spread = np.zeros(BUCKETS), np.zeros(BUCKETS)
    for step in range(1, steps + 1):
        logits = np.bincount(row_of, weights[data.buckets], len(data.sizes)) * scale + bias
        error = shares * (1 / (1 + np.exp(-logits)) - labels)
        slope = np.bincount(data.buckets, (error * scale)[row_of], BUCKETS) + pull * weights
        moment = 0.9 * moment + 0.1 * slope
        spread = 0.98 * spread + 0.02 * slope**2
        size = rate * (1 - step / (steps + 1)) * np.sqrt(1 - 0.98**step) / (1 - 0.9**step)
        weights -= size * moment / (np.sqrt(spread) + 1e-9)
        bias -= 0.5 * error.sum()
    return weights.astype(np.float32), bias


def fit_vectors(vectors: Floats, labels: Floats, shares: Floats, *, pull: float, steps: int = 12) -> tuple[Floats, float]:
    """Weights (d,) and bias of a logistic model by Newton's method."""
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))])
    weights, shares = np.zeros(inputs.shape[1]), shares / shares.sum()
    penalty = np.full(inputs.shape[1], pull)
    penalty[-1] = 1e-9
    for _ in range(steps):
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        slope = inputs.T @ (shares * (chance - labels)) + penalty * weights
        curve = (inputs * (shares * chance * (1 - chance))[:, None]).T @ inputs + np.diag(penalty)
        weights -= np.linalg.solve(curve, slope)
    return weights[:-1], float(weights[-1])
