"""From cases to a figure: the value, what it stands on, and its 95% interval."""

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from triage.learning.metrics import statistics
from triage.learning.metrics.metric import Metric

Values = NDArray[np.float64]
_QUANTILES = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Figure:
    """A number with what it stands on.

    `value` is None when there is nothing to count. `low` and `high` bound the 95% interval (None for counts and sums).
    Without `enough` the number should not be shown as a finding.
    """

    value: float | None
    numerator: int
    denominator: int
    low: float | None
    high: float | None
    enough: bool


@dataclass(frozen=True)
class Slice:
    """A metric for one value of a dimension; `key` is None where the value is not known."""

    key: str | int | None
    label: str
    figure: Figure


def figure_of(metric: Metric, hits: int, cases: int, values: Values | None = None, wholes: Values | None = None) -> Figure:
    """The figure of so many hits among so many cases.

    `values` holds the value of each hit, or, for a cost per case (`per_case`), that of each case, with 1 or 0 for
    whether it hits in `wholes`. Their order does not matter.
    """
    if metric.statistic == "count":
        return Figure(float(hits), hits, cases, None, None, True)
    if values is None:
        low, high = statistics.wilson(hits, cases)
        return Figure(hits / cases if cases else None, hits, cases, low, high, cases >= statistics.ENOUGH)
    if metric.statistic == "sum":
        return Figure(fsum(values), hits, cases, None, None, True)
    if hits == 0:
        return Figure(None, 0, cases, None, None, False)
    if wholes is not None:
        found = statistics.ratio(values, wholes)
    else:
        at = _QUANTILES.get(metric.statistic)
        found = statistics.mean(values) if at is None else statistics.quantile(values, at)
    return Figure(found[0], hits, cases, found[1], found[2], hits >= statistics.ENOUGH)
