"""Every metric of the desk, by name."""

from triage.errors import InputError
from triage.learning.metrics.catalogue import drafts, knowledge, machine, outcomes, times
from triage.learning.metrics.metric import Metric

GROUPS: dict[str, tuple[Metric, ...]] = {
    "Outcomes": outcomes.METRICS,
    "Times": times.METRICS,
    "Drafts": drafts.METRICS,
    "Knowledge": knowledge.METRICS,
    "Agents": machine.METRICS,
}
METRICS: dict[str, Metric] = {metric.name: metric for group in GROUPS.values() for metric in group}


def named(name: str) -> Metric:
    """The metric of that name; raises InputError when there is none."""
    try:
        return METRICS[name]
    except KeyError:
        raise InputError(f"There is no metric called {name}; choose one of {', '.join(METRICS)}.") from None


__all__ = ["GROUPS", "METRICS", "named"]
