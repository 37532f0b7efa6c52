"""How sure the desk was of its drafts, against how many of them people kept: a reliability diagram in rows."""

from dataclasses import dataclass

from sqlmodel import Session

from triage.learning.metrics import BusinessHours, Figure, Window, compute
from triage.learning.metrics.catalogue.drafts import SURENESS, kept_name


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


def bands(session: Session, hours: BusinessHours, days: int = 90) -> list[Band]:
    """A row for each band of confidence, over the demands that began in the last days."""
    window = Window.last(days, hours)
    return [Band(low, high, kept_name(low), compute(session, kept_name(low), window)) for low, high in SURENESS]
