"""Figures at once: every metric, its days and its parts, from records that are read once for each kind of case.

The same figures as triage.learning.metrics.computing gives one by one from the tables (tests hold one against the other).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from triage.learning.metrics import computing
from triage.learning.metrics.catalogue import named
from triage.learning.metrics.facts import NEVER, Records, meets, micros
from triage.learning.metrics.figure import Figure, Slice, Values, figure_of
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.rollups import Days, began
from triage.learning.metrics.shape import Shape, shape_of
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import now

Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Counted:
    """The records of one metric in a window: which of them are in its denominator, which of those hit, and on which day."""

    metric: Metric
    records: Records
    days: NDArray[np.int64]
    within: Chosen
    hits: Chosen
    field: str

    def figure(self, chosen: Chosen | None = None, total: int | None = None) -> Figure:
        """The figure of all records, or of the chosen ones; `total` is the denominator where they are only part of it."""
        within = self.within if chosen is None else self.within & chosen
        hits, times = within & self.hits, self.records["times"]
        cases = int(times[within].sum()) if total is None else total
        hit = int(times[hits].sum())
        if not self.field:
            return figure_of(self.metric, hit, cases)
        if self.metric.statistic == "per_case":
            wholes = np.repeat(self.hits[within].astype(float), times[within])
            return figure_of(self.metric, hit, cases, self._values(within), wholes)
        return figure_of(self.metric, hit, cases, self._values(hits))

    def values(self) -> Values:
        """The value of every hit."""
        return self._values(self.within & self.hits)

    def _values(self, chosen: Chosen) -> Values:
        found: Values = np.repeat(self.records[self.field][chosen], self.records["times"][chosen])
        return found


class Counts:
    """Asks for figures at one moment. With `rollups` off, every day is read from the tables."""

    def __init__(self, session: Session, *, rollups: bool = True) -> None:
        self.session = session
        self._days = Days(session, kept=rollups)
        self.hours = self._days.hours
        self._read: dict[tuple[str, Window], tuple[Records, NDArray[np.int64]]] = {}

    def compute(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> Figure:
        """The metric over the cases whose cohort is in the window."""
        metric = named(metric) if isinstance(metric, str) else metric
        if not self._whole(window):
            return computing.compute(self.session, metric, window, filters)
        return self._counted(metric, window, filters).figure()

    def series(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[tuple[date, Figure]]:
        """The metric for each day of the window (days as on the team's wall), future days left out."""
        metric = named(metric) if isinstance(metric, str) else metric
        days = [day for day in self.hours.days_between(window.start, window.end) if day <= self._days.today]
        if metric.stock:
            return [(day, self.compute(metric, Window.of_days(day, day, self.hours), filters)) for day in days]
        if not self._whole(window):
            return computing.series(self.session, metric, window, filters)
        counted = self._counted(metric, window, filters)
        ends = np.searchsorted(counted.days, [day.toordinal() for day in days], side="right")
        found, start = [], 0
        for day, end in zip(days, ends.tolist(), strict=True):
            found.append((day, _part(counted, slice(start, end)).figure()))
            start = end
        return found

    def values(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[float]:
        """The single values that a median, percentile or mean is made of, for a distribution."""
        metric = named(metric) if isinstance(metric, str) else metric
        if not self._whole(window):
            return computing.values(self.session, metric, window, filters)
        return [float(value) for value in self._counted(metric, window, filters).values()]

    def slices(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING, *, by: str) -> list[Slice]:
        """The metric by category, language, channel, person, or one of its own breakdowns; the largest first.

        A breakdown of the metric's own (a reason) splits the numerator; every slice keeps the whole denominator.
        """
        metric = named(metric) if isinstance(metric, str) else metric
        if not self._whole(window):
            return computing.slices(self.session, metric, window, filters, by=by)
        counted, own = self._counted(metric, window, filters), by in metric.breakdowns
        column = counted.records[shape_of(metric).recipes[metric.name].breakdowns[by] if own else by]
        present = np.unique(column[counted.within & counted.hits if own else counted.within]).tolist()
        total = int(counted.records["times"][counted.within].sum()) if own else None
        keys = {number: number or None if by == "person" else self._days.words.word(number) for number in present}
        names = computing.names_of(self.session, by, keys.values())
        found = [Slice(key, names.get(key, str(key)), counted.figure(column == number, total)) for number, key in keys.items()]
        return sorted(found, key=lambda s: (-(s.figure.numerator if own else s.figure.denominator), s.label))

    def _whole(self, window: Window) -> bool:
        """Whether a window is of whole days, the only ones that are counted beforehand."""
        return all(moment == self.hours.midnight(self.hours.day_of(moment)) for moment in (window.start, window.end))

    def _counted(self, metric: Metric, window: Window, filters: Filters) -> Counted:
        shape = shape_of(metric)
        recipe = shape.recipes[metric.name]
        records, days = self._records(shape, window)
        within = meets(records, recipe.where) & self._narrowed(records, filters)
        if recipe.ripens:
            within &= records[recipe.ripens] <= micros(now())
        if recipe.until:
            standing = (records[recipe.until] == NEVER) | (records[recipe.until] >= micros(min(now(), window.end)))
            within &= standing & (days < self.hours.day_of(window.end).toordinal())
        return Counted(metric, records, days, within, meets(records, recipe.hit), recipe.value)

    def _narrowed(self, records: Records, filters: Filters) -> Chosen:
        found = np.ones(len(records), dtype=bool)
        for by, value in asdict(filters).items():
            if value is not None:
                found &= records[by] == (value if by == "person" else self._days.words.number(value))
        return found

    def _records(self, shape: Shape, window: Window) -> tuple[Records, NDArray[np.int64]]:
        """Of the days of the window, or, of what may still stand, of all days."""
        if shape.stock:
            window = Window(self.hours.midnight(self.hours.day_of(began(self.session))), self._days.end)
        key = (shape.name, window)
        if key not in self._read:
            self._read[key] = _joined(shape, self._days.load(shape, window))
        return self._read[key]


def _joined(shape: Shape, days: Sequence[tuple[date, Records]]) -> tuple[Records, NDArray[np.int64]]:
    parts = [records for _, records in days]
    ordinals = np.repeat([day.toordinal() for day, _ in days], [len(part) for part in parts])
    return np.concatenate([np.zeros(0, dtype=shape.dtype), *parts]), ordinals.astype(np.int64)


def _part(counted: Counted, which: slice) -> Counted:
    return Counted(
        counted.metric, counted.records[which], counted.days[which], counted.within[which], counted.hits[which], counted.field
    )
