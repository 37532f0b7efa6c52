"""The numbers of the desk: each is one predicate, from which the figure and the tickets behind it both come.

`compute` gives the figure with numerator, denominator and 95% interval, `tickets` the tickets behind it,
`series` its days, `slices` its parts. `Counts` gives all of these for many metrics at once, from days counted
beforehand (rollups) where they are fresh; `report` is every metric, `claims` what work with drafts
is meant to reach beside people alone.
"""

from triage.learning.metrics.baselines import Baseline, Claim, baselines, claims
from triage.learning.metrics.catalogue import METRICS, named
from triage.learning.metrics.computing import Case, cases, compute, series, slices, tickets, values
from triage.learning.metrics.counts import Counts
from triage.learning.metrics.figure import Figure, Slice
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.newest import newest
from triage.learning.metrics.reports import report
from triage.learning.metrics.window import Filters, Window
from triage.sla.hours import BusinessHours

__all__ = [
    "METRICS",
    "Baseline",
    "BusinessHours",
    "Case",
    "Claim",
    "Counts",
    "Figure",
    "Filters",
    "Metric",
    "Slice",
    "Window",
    "baselines",
    "cases",
    "claims",
    "compute",
    "named",
    "newest",
    "report",
    "series",
    "slices",
    "tickets",
    "values",
]
