"""Figures at once: every metric, its days and its parts, from records that are read once for each kind of case.

The same figures as triage.learning.metrics.computing gives one by one from the tables (tests hold one against the other).
"""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from triage.learning.metrics import computing, statistics
from triage.learning.metrics.catalogue import named
from triage.learning.metrics.facts import NEVER, Records, meets, micros
from triage.learning.metrics.figure import Figure, Slice, figure_of
from triage.learning.metrics.metric import Metric
from triage.learning.metrics.rollups import Days, began
from triage.learning.metrics.shape import Recipe, Shape, shape_of
from triage.learning.metrics.statistics import Values
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import now

Chosen = NDArray[np.bool_]


class Columns:
    """The records of many days, one field at a time: each is put together when it is first asked for."""

    def __init__(self, shape: Shape, days: Sequence[tuple[date, Records]]) -> None:
        self._parts = [np.zeros(0, dtype=shape.dtype), *(records for _, records in days)]
        self._fields: dict[str, NDArray[Any]] = {}
        lengths = [len(records) for _, records in days]
        self.days = np.repeat(np.array([day.toordinal() for day, _ in days], dtype=np.int64), lengths)

    def __len__(self) -> int:
        return len(self.days)

    def __getitem__(self, field: str) -> NDArray[Any]:
        if field not in self._fields:
            self._fields[field] = np.concatenate([part[field] for part in self._parts])
        return self._fields[field]


@dataclass(frozen=True)
class Counted:
    """A metric in a window: which records are in its denominator, which of those hit.

    `ordered` keeps sorted values that several metrics share, under `key` and what they are a part of.
    """

    metric: Metric
    recipe: Recipe
    columns: Columns
    within: Chosen
    hits: Chosen
    key: Hashable
    ordered: dict[Hashable, Values]

    def figure(self, part: tuple[str, int] | None = None, total: int | None = None) -> Figure:
        """The figure of all records, or of those whose field has this number; `total` is the denominator of part of it."""
        within = self._of(part)
        hits = within & self.hits
        cases = self._times(within) if total is None else total
        if not self.recipe.value or self.metric.statistic == "count":
            return figure_of(self.metric, self._times(hits), cases)
        if self.metric.statistic == "per_case":
            wholes = self._repeated(self.hits.astype(float), within)
            return figure_of(self.metric, self._times(hits), cases, self._repeated(self._value, within), wholes)
        return figure_of(self.metric, self._times(hits), cases, self.values(part))

    def field(self, by: str) -> str:
        """The field of a dimension or of one of the metric's own breakdowns."""
        return self.recipe.breakdowns.get(by, by)

    def series(self, days: Sequence[date]) -> list[tuple[date, Figure]]:
        """The figure of each day; without an interval where it is made of values."""
        ends = np.searchsorted(self.columns.days, [day.toordinal() for day in days], side="right")
        starts = np.searchsorted(self.columns.days, [day.toordinal() for day in days], side="left")
        bounds = list(zip(starts.tolist(), ends.tolist(), strict=True))
        cases, hits = (self._summed(chosen, bounds) for chosen in (self.within, self.within & self.hits))
        found = []
        for day, (start, end), count, hit in zip(days, bounds, cases, hits, strict=True):
            found.append((day, self._of_day(slice(start, end), hit, count)))
        return found

    def values(self, part: tuple[str, int] | None = None) -> Values:
        """The value of every hit, or of those whose field has this number, sorted."""
        if (self.key, part) not in self.ordered:
            hits = self._of(part) & self.hits
            self.ordered[self.key, part] = statistics.in_order(self._repeated(self._value, hits))
        return self.ordered[self.key, part]

    def _of(self, part: tuple[str, int] | None) -> Chosen:
        return self.within if part is None else self.within & (self.columns[part[0]] == part[1])

    def _of_day(self, day: slice, hit: int, cases: int) -> Figure:
        if not self.recipe.value or self.metric.statistic == "count":
            return figure_of(self.metric, hit, cases)
        within, times, values = self.within[day], self.columns["times"][day], self._value[day]
        if self.metric.statistic == "per_case":
            wholes = np.repeat(self.hits[day][within].astype(float), times[within])
            return figure_of(self.metric, hit, cases, np.repeat(values[within], times[within]), wholes, bounds=False)
        hits = within & self.hits[day]
        return figure_of(self.metric, hit, cases, statistics.in_order(np.repeat(values[hits], times[hits])), bounds=False)

    def _summed(self, chosen: Chosen, bounds: Sequence[tuple[int, int]]) -> list[int]:
        running = np.concatenate([[0], np.cumsum(np.where(chosen, self.columns["times"], 0))])
        return [int(running[end] - running[start]) for start, end in bounds]

    def _times(self, chosen: Chosen) -> int:
        return int(self.columns["times"][chosen].sum())

    def _repeated(self, values: Values, chosen: Chosen) -> Values:
        return np.repeat(values[chosen], self.columns["times"][chosen])

    @property
    def _value(self) -> Values:
        found: Values = self.columns[self.recipe.value]
        return found


class Counts:
    """Asks for figures at one moment. With `rollups` off, every day is read from the tables."""

    def __init__(self, session: Session, *, rollups: bool = True) -> None:
        self.session = session
        self._days = Days(session, kept=rollups)
        self.hours = self._days.hours
        self._read: dict[tuple[str, Window], Columns] = {}
        self._known: dict[tuple[str, Window, Filters], Counted] = {}
        self._ordered: dict[Hashable, Values] = {}

    def compute(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> Figure:
        """The metric over the cases whose cohort is in the window."""
        metric = named(metric) if isinstance(metric, str) else metric
        if not self._whole(window):
            return computing.compute(self.session, metric, window, filters)
        return self._counted(metric, window, filters).figure()

    def series(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[tuple[date, Figure]]:
        """The metric for each day of the window (days as on the team's wall), future days left out.

        What is made of values (medians, means, percentiles) has no interval by day.
        """
        metric = named(metric) if isinstance(metric, str) else metric
        days = [day for day in self.hours.days_between(window.start, window.end) if day <= self._days.today]
        if metric.stock:
            return [(day, self.compute(metric, Window.of_days(day, day, self.hours), filters)) for day in days]
        if not self._whole(window):
            return computing.series(self.session, metric, window, filters)
        return self._counted(metric, window, filters).series(days)

    def values(
        self,
        metric: Metric | str,
        window: Window,
        filters: Filters = EVERYTHING,
        *,
        part: tuple[str, str | int | None] | None = None,
    ) -> Values:
        """The single values that a median, percentile or mean is made of, sorted; `part` is a dimension and one of its keys."""
        metric = named(metric) if isinstance(metric, str) else metric
        if not self._whole(window):
            return statistics.in_order(computing.values(self.session, metric, window, filters, part=part))
        counted = self._counted(metric, window, filters)
        return counted.values((counted.field(part[0]), self._number(*part)) if part else None)

    def slices(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING, *, by: str) -> list[Slice]:
        """The metric by category, language, channel, person, or one of its own breakdowns or splits; the largest first.

        A breakdown of the metric's own (a reason) splits the numerator; every slice keeps the whole denominator.
        """
        metric = named(metric) if isinstance(metric, str) else metric
        if metric.collective and by == "person":
            return []
        if not self._whole(window):
            return computing.slices(self.session, metric, window, filters, by=by)
        counted, own = self._counted(metric, window, filters), by in metric.breakdowns
        field = counted.field(by)
        present = np.unique(counted.columns[field][counted.within & counted.hits if own else counted.within]).tolist()
        total = counted.figure().denominator if own else None
        keys = {number: number or None if by == "person" else self._days.words.word(number) for number in present}
        names = computing.names_of(self.session, by, keys.values())
        found = [Slice(key, names.get(key, str(key)), counted.figure((field, number), total)) for number, key in keys.items()]
        return sorted(found, key=lambda s: (-(s.figure.numerator if own else s.figure.denominator), s.label))

    def _whole(self, window: Window) -> bool:
        """Whether a window is of whole days, the only ones that are counted beforehand."""
        return all(moment == self.hours.midnight(self.hours.day_of(moment)) for moment in (window.start, window.end))

    def _counted(self, metric: Metric, window: Window, filters: Filters) -> Counted:
        known = (metric.name, window, filters)
        if known not in self._known:
            self._known[known] = self._count(metric, window, filters)
        return self._known[known]

    def _count(self, metric: Metric, window: Window, filters: Filters) -> Counted:
        shape = shape_of(metric)
        recipe, columns = shape.recipes[metric.name], self._columns(shape, window)
        within = meets(columns, recipe.where) & self._narrowed(columns, filters)
        if metric.collective and filters.person is not None:
            within[:] = False
        if recipe.ripens:
            within &= columns[recipe.ripens] <= micros(now())
        if recipe.until:
            standing = (columns[recipe.until] == NEVER) | (columns[recipe.until] >= micros(min(now(), window.end)))
            within &= standing & (columns.days < self.hours.day_of(window.end).toordinal())
        key = (shape.name, window, filters, recipe.where, recipe.hit, recipe.value, recipe.ripens)
        return Counted(metric, recipe, columns, within, meets(columns, recipe.hit), key, self._ordered)

    def _narrowed(self, columns: Columns, filters: Filters) -> Chosen:
        found = np.ones(len(columns), dtype=bool)
        for by, value in asdict(filters).items():
            if value is not None:
                found &= columns[by] == self._number(by, value)
        return found

    def _number(self, by: str, key: str | int | None) -> int:
        """How a record names the key of a slice."""
        return int(key or 0) if by == "person" else self._days.words.number(str(key) if key else None)

    def _columns(self, shape: Shape, window: Window) -> Columns:
        """Of the days of the window, or, of what may still stand, of all days."""
        if shape.stock:
            window = Window(self.hours.midnight(self.hours.day_of(began(self.session))), self._days.end)
        key = (shape.name, window)
        if key not in self._read:
            self._read[key] = Columns(shape, self._days.load(shape, window))
        return self._read[key]


Source = Session | Counts
"""What to ask: a database, or figures that were asked for others before and have read their cases already."""


def counts_of(source: Source) -> Counts:
    return source if isinstance(source, Counts) else Counts(source)
