"""Intervals: Wilson for proportions, the bootstrap for everything else. All at 95%.

The same cases give the same numbers in whatever order they come: sums and resamples are of sorted values.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

ENOUGH = 30
"""Cases under which a figure says "not enough data"."""

_Z = 1.959963984540054
DRAWS = 1000
"""Resamples of a bootstrap."""
_MANY = 2000  # cases from which on the bootstrap's normal limit is taken
_SEED = 20_240_607


def wilson(hits: int, cases: int) -> tuple[float, float]:
    """The 95% interval of a proportion; (0, 1) when there are no cases."""
    if cases == 0:
        return 0.0, 1.0
    share, z2 = hits / cases, _Z * _Z
    centre = (share + z2 / (2 * cases)) / (1 + z2 / cases)
    half = _Z * sqrt(share * (1 - share) / cases + z2 / (4 * cases * cases)) / (1 + z2 / cases)
    return (0.0 if hits == 0 else max(0.0, centre - half)), (1.0 if hits == cases else min(1.0, centre + half))


def in_order(values: Sequence[float] | Values) -> Values:
    """Sorted, as the functions for ordered values want them."""
    return np.sort(np.asarray(values, dtype=float))


def total(values: Sequence[float] | Values) -> float:
    """The sum."""
    return ordered_total(in_order(values))


def ordered_total(ordered: Values) -> float:
    """The sum of sorted values."""
    return float(np.sum(ordered))


def quantile(values: Sequence[float] | Values, at: float) -> tuple[float, float, float]:
    """A quantile (`at` in 0..1) and its bootstrap interval."""
    ordered = in_order(values)
    return (ordered_quantile(ordered, at), *ordered_interval(ordered, at))


def ordered_quantile(ordered: Values, at: float) -> float:
    """A quantile of sorted values, between two of them by their distance."""
    place = at * (len(ordered) - 1)
    low = int(place)
    before, after = float(ordered[low]), float(ordered[min(low + 1, len(ordered) - 1)])
    return before + (after - before) * (place - low)


def ordered_interval(ordered: Values, at: float) -> tuple[float, float]:
    """The bootstrap interval of a quantile of sorted values."""
    return interval(ordered_quantile(ordered, at), redrawn(ordered, at))


def redrawn(ordered: Values, at: float, series: int = 0) -> Values:
    """The quantile of each of 1,000 resamples of sorted values; another `series` is drawn independently.

    The quantile of a resample of n values is an order statistic of n uniform draws looked up in the
    sorted sample, and that order statistic has a Beta distribution: one draw each, whatever n is.
    """
    n = len(ordered)
    rank = min(n, int(at * (n - 1)) + 1)
    places = np.random.default_rng(_SEED + series).beta(rank, n - rank + 1, size=DRAWS)
    drawn: Values = ordered[np.minimum((places * n).astype(int), n - 1)]
    return drawn


def interval(value: float, drawn: Values) -> tuple[float, float]:
    """The ends between which 95% of the draws are; the value itself is always within."""
    ordered = np.sort(drawn)
    return min(value, ordered_quantile(ordered, 0.025)), max(value, ordered_quantile(ordered, 0.975))


def mean(values: Sequence[float] | Values) -> tuple[float, float, float]:
    """The mean and its bootstrap interval (its normal limit from 2,000 values on)."""
    return ratio(values, np.ones(len(values)))


def ratio(parts: Sequence[float] | Values, wholes: Sequence[float] | Values) -> tuple[float, float, float]:
    """sum(parts) / sum(wholes) over the same cases, and its bootstrap interval. `wholes` must not sum to 0."""
    top, bottom = np.asarray(parts, dtype=float), np.asarray(wholes, dtype=float)
    n, whole = len(top), total(bottom)
    value = total(top) / whole
    if n >= _MANY:
        off = in_order(top - value * bottom)
        spread = _Z * float(np.std(off)) * sqrt(n) / whole
        return value, value - spread, value + spread
    order = np.lexsort((bottom, top))
    low, high = _resampled(top[order].tobytes(), bottom[order].tobytes())
    return value, min(value, low), max(value, high)


@lru_cache(maxsize=512)
def _resampled(parts: bytes, wholes: bytes) -> tuple[float, float]:
    """The bootstrap's ends of sum(parts) / sum(wholes), given as floats in order; kept, as most figures are asked for again."""
    top, bottom = np.frombuffer(parts), np.frombuffer(wholes)
    n = len(top)
    chosen = np.random.default_rng(_SEED).integers(0, n, size=(DRAWS, n))
    tops = top[chosen].sum(axis=1)
    bottoms = np.full(DRAWS, float(n)) if (bottom == 1).all() else bottom[chosen].sum(axis=1)
    low, high = np.quantile(tops[bottoms > 0] / bottoms[bottoms > 0], (0.025, 0.975))
    return float(low), float(high)
