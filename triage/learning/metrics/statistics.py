"""Intervals: Wilson for proportions, the bootstrap for everything else. All at 95%."""

from collections.abc import Sequence
from math import fsum, sqrt

import numpy as np

ENOUGH = 30
"""Cases under which a figure says "not enough data"."""

_Z = 1.959963984540054
_DRAWS = 1000
_SEED = 20_240_607


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """The 95% interval of a proportion; (0, 1) when there are no cases."""
    if cases == 0:
        return 0.0, 1.0
    share, z2 = hits / cases, _Z * _Z
    centre = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = _Z * sqrt(share * (1 - share) / cases + z2 / (4 * cases * cases)) / (1 + z2 / cases)
    return (0.0 if hits == 0 else max(0.0, centre - half)), (1.0 if hits == cases else min(1.0, centre + half))


def quantile(values: Sequence[float] | np.ndarray, at: float) -> tuple[float, float, float]:
    """A quantile (`at` in 0..1) and its bootstrap interval.

    The quantile of a resample of n values is an order statistic of n uniform draws looked up in the
    sorted sample, and that order statistic has a Beta distribution: one draw each, whatever n is.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    n = len(ordered)
    rank = min(n, int(at * (n - 1)) + 1)
    places = np.random.default_rng(_SEED).beta(rank, n - rank + 1, size=_DRAWS)
    drawn = ordered[np.minimum((places * n).astype(int), n - 1)]
    value = float(np.quantile(ordered, at))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return value, min(value, float(low)), max(value, float(high))


def mean(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """The mean and its bootstrap interval (its normal limit from 2,000 values on)."""
    return ratio(values, np.ones(len(values)))


def ratio(parts: Sequence[float] | np.ndarray, wholes: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """sum(parts) / sum(wholes) over the same cases, and its bootstrap interval. `wholes` must not sum to 0.

    The same cases give the same three numbers, in whatever order they come: sums are rounded once (math.fsum), and
    resamples are drawn from sorted cases.
    """
    top, bottom = np.asarray(parts, dtype=float), np.asarray(wholes, dtype=float)
    n, whole = len(top), fsum(bottom)
    value = fsum(top) / whole
    if n >= 2000:
        off = top - value * bottom
        middle = fsum(off) / n
        spread = _Z * sqrt(fsum((off - middle) ** 2) / n) * sqrt(n) / whole
        return value, value - spread, value + spread
    order = np.lexsort((bottom, top))
    top, bottom = top[order], bottom[order]
    chosen = np.random.default_rng(_SEED).integers(0, n, size=(_DRAWS, n))
    tops, bottoms = top[chosen].sum(axis=1), bottom[chosen].sum(axis=1)
    low, high = np.quantile(tops[bottoms > 0] / bottoms[bottoms > 0], (0.025, 0.975))
    return value, min(value, float(low)), max(value, float(high))
