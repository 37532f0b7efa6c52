"""How sure the desk was of its drafts, against how many of them people kept: a reliability diagram in rows."""

from dataclasses import dataclass

from triage.learning.metrics import Figure, Filters, Window
from triage.learning.metrics.catalogue.drafts import SURENESS, kept_name
from triage.learning.metrics.counts import Source, counts_of
from triage.learning.metrics.window import EVERYTHING


@dataclass(frozen=True)
class Band:
    """Drafts of which the desk was `low` to `high` sure, and the share that people kept (metric `metric`)."""

    low: float
    high: float
    metric: str
    figure: Figure

    @property
    def verdict(self) -> str:
        """Whether the interval of what was kept meets the band: "right", "too sure", "too modest", or "" without enough cases."""
        if not self.figure.enough or self.figure.low is None or self.figure.high is None:
            return ""
        if self.figure.high < self.low:
            return "too sure"
        return "too modest" if self.figure.low > self.high else "right"


def bands(source: Source, window: Window, filters: Filters = EVERYTHING) -> list[Band]:
    """A row for each band of confidence, over the demands that began in the window."""
    counts = counts_of(source)
    return [Band(low, high, kept_name(low), counts.compute(kept_name(low), window, filters)) for low, high in SURENESS]
