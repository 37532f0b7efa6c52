"""The period before laid over a period: its first day on the first, its second on the second, none from before the desk was there."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from triage.learning.metrics.counts import Counts
from triage.learning.metrics.figure import Figure
from triage.learning.metrics.reports import outcomes, weeks
from triage.learning.metrics.rollups import began
from triage.learning.metrics.window import EVERYTHING, Filters, Window


@dataclass(frozen=True)
class Before:
    """What was before a window of whole days, told by the days of that window."""

    counts: Counts
    window: Window
    filters: Filters = EVERYTHING

    @cached_property
    def period(self) -> Window:
        """As many days, right before the window."""
        return self.window.previous(self.counts.hours)

    @cached_property
    def ago(self) -> timedelta:
        """How long before each day of the window the day lies that is held against it."""
        day_of = self.counts.hours.day_of
        return day_of(self.window.start) - day_of(self.period.start)

    @cached_property
    def first(self) -> date:
        """The first day of the window, or after it, that has a day to be held against."""
        return self.counts.hours.day_of(began(self.counts.session)) + self.ago

    @cached_property
    def known(self) -> bool:
        """Whether the desk was there on any day of the period: when it was not, nothing of it is counted."""
        return self.first < self.counts.hours.day_of(self.window.end)

    @cached_property
    def whole(self) -> dict[date, Window]:
        """The weeks of the window by Monday, without those with a day that has none to be held against: sums of them would look low."""
        day_of = self.counts.hours.day_of
        return {monday: own for monday, own in weeks(self.window, self.counts.hours) if day_of(own.start) >= self.first}

    def series(self, metric: str) -> list[tuple[date, Figure]]:
        """The metric on each day of the period, under the day of the window it is held against."""
        if not self.known:
            return []
        found = [(day + self.ago, figure) for day, figure in self.counts.series(metric, self.period, self.filters)]
        return [(day, figure) for day, figure in found if day >= self.first]

    def outcomes(self) -> list[dict[str, Any]]:
        """The rows of `reports.outcomes` with before_day and before_tickets: the same outcome in the period before.

        An outcome that only the period before has is a row with tickets 0; both are None on days that have none to be held against.
        """
        known = {(row["day"], row["outcome"]): row["tickets"] for row in outcomes(self.counts, self.window, self.filters)}
        earlier = outcomes(self.counts, self.period, self.filters) if self.known else []
        then = {(row["day"] + self.ago, row["outcome"]): row["tickets"] for row in earlier}
        return [
            {
                "day": day, "outcome": outcome, "tickets": known.get((day, outcome), 0),
                "before_day": day - self.ago if day >= self.first else None,
                "before_tickets": then.get((day, outcome), 0) if day >= self.first else None,
            }
            for day, outcome in sorted(known.keys() | then.keys())
        ]  # fmt: skip

    def weekly(self, metric: str, *, by: str) -> dict[tuple[date, str], int]:
        """The numerator of each part of a metric under (Monday, label of the part): the weeks of the window, each so many days earlier.

        Weeks of which no part was there are left out, and so are those that are not whole.
        """
        hours = self.counts.hours
        found: dict[tuple[date, str], int] = {}
        for monday, own in self.whole.items():
            start, end = (hours.day_of(moment) for moment in (own.start, own.end))
            then = Window(hours.midnight(start - self.ago), hours.midnight(end - self.ago))
            parts = self.counts.slices(metric, then, self.filters, by=by)
            found |= {(monday, part.label): part.figure.numerator for part in parts}
        return found
