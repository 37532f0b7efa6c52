"""From cases to a figure: the value, what it stands on, and its 95% interval."""

from dataclasses import dataclass

from triage.learning.metrics import statistics
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.statistics import Values

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


def share(hits: int, cases: int, *, bounds: bool = True) -> Figure:
    """The figure of a proportion: so many hits among so many cases."""
    low, high = statistics.wilson(hits, cases) if bounds else (None, None)
    return Figure(hits / cases if cases else None, hits, cases, low, high, cases >= statistics.ENOUGH)


def figure_of(
    metric: Metric, hits: int, cases: int, values: Values | None = None, wholes: Values | None = None, *, bounds: bool = True
) -> Figure:  # fmt: skip
    """The figure of so many hits among so many cases.

    `values` holds the value of each hit, sorted; or, for a cost per case (`per_case`), that of each case in any order,
    with 1 or 0 for whether it hits in `wholes`. Without `bounds` it has no interval.
    """
    if metric.statistic == "count":
        return Figure(float(hits), hits, cases, None, None, True)
    if values is None:
        return share(hits, cases, bounds=bounds)
    if metric.statistic == "sum":
        return Figure(statistics.ordered_total(values), hits, cases, None, None, True)
    if hits == 0:
        return Figure(None, 0, cases, None, None, False)
    value = _value(metric, values, wholes)
    ends: tuple[float | None, float | None] = _ends(metric, values, wholes) if bounds else (None, None)
    return Figure(value, hits, cases, *ends, hits >= statistics.ENOUGH)


def _value(metric: Metric, values: Values, wholes: Values | None) -> float:
    if wholes is not None:
        return statistics.total(values) / statistics.total(wholes)
    at = _QUANTILES.get(metric.statistic)
    return statistics.ordered_total(values) / len(values) if at is None else statistics.ordered_quantile(values, at)


def _ends(metric: Metric, values: Values, wholes: Values | None) -> tuple[float, float]:
    if wholes is not None:
        return statistics.ratio(values, wholes)[1:]
    at = _QUANTILES.get(metric.statistic)
    return statistics.mean(values)[1:] if at is None else statistics.ordered_interval(values, at)
