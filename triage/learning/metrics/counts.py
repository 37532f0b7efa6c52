"""Figures at once: every metric, its days and its parts, from records that are read once for each kind of case.

The same figures as triage.learning.metrics.computing gives one by one from the tables (tests hold one against the other).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from triage.learning.metrics import computing, statistics
from triage.learning.metrics.catalogue import named
from triage.learning.metrics.facts import NEVER, Table, meets, micros
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

    def __init__(self, shape: Shape, days: Sequence[tuple[date, Table]]) -> None:
        self._parts: list[Table] = [np.zeros(0, dtype=shape.dtype), *(records for _, records in days)]
        self._fields: dict[str, NDArray[Any]] = {}
        self._met: dict[tuple[str, ...], Chosen] = {}
        lengths = [len(records) for _, records in days]
        self.days = np.repeat(np.array([day.toordinal() for day, _ in days], dtype=np.int64), lengths)

    def __len__(self) -> int:
        return len(self.days)

    def __getitem__(self, field: str) -> NDArray[Any]:
        if field not in self._fields:
            self._fields[field] = np.concatenate([part[field] for part in self._parts])
        return self._fields[field]

    def meeting(self, flags: tuple[str, ...]) -> Chosen:
        """Which records meet all of these conditions; many metrics share them."""
        if flags not in self._met:
            self._met[flags] = meets(self, flags)
        return self._met[flags]

    def times(self, chosen: Chosen) -> int:
        """How many cases the chosen records stand for."""
        several = self._several[chosen[self._several]]
        return int(np.count_nonzero(chosen)) + int(self["times"][several].sum()) - len(several)

    def repeated(self, values: NDArray[Any], chosen: Chosen) -> NDArray[Any]:
        """The value of each case of the chosen records, in an order that is the same for all values."""
        several = self._several[chosen[self._several]]
        return np.concatenate([values[chosen], np.repeat(values[several], self["times"][several] - 1)])

    @cached_property
    def _several(self) -> NDArray[np.intp]:
        """Which records stand for more than one case."""
        return np.flatnonzero(self["times"] > 1)


@dataclass(frozen=True)
class Counted:
    """A metric in a window: which records are in its denominator, which of those hit.

    `ordered` keeps what several metrics share, under `key` and what it is: values of a field, or sorted and of a part, or which
    numbers occur.
    """

    metric: Metric
    recipe: Recipe
    columns: Columns
    within: Chosen
    hits: Chosen
    key: Hashable
    ordered: dict[Hashable, NDArray[Any]]

    def figure(self, part: tuple[str, int] | None = None, total: int | None = None) -> Figure:
        """The figure of all records, or of those whose field has this number; `total` is the denominator of part of it."""
        if self.recipe.value and self.metric.statistic not in ("per_case", "count"):
            values = self.values(part)
            cases = self.columns.times(self._of_part(part)) if total is None else total
            return figure_of(self.metric, len(values), cases, values)
        within = self._of_part(part)
        cases = self.columns.times(within) if total is None else total
        hits = self.columns.times(within & self.hits)
        if self.metric.statistic != "per_case":
            return figure_of(self.metric, hits, cases)
        wholes = self.columns.repeated(self.hits.astype(float), within)
        return figure_of(self.metric, hits, cases, self.columns.repeated(self._value, within), wholes)

    def present(self, field: str, *, hit: bool) -> list[int]:
        """The numbers that occur in a field of the denominator's records, or of the hits', in order."""
        if (self.key, field, hit) not in self.ordered:
            chosen = self.columns[field][self.within & self.hits if hit else self.within]
            self.ordered[self.key, field, hit] = np.array(_different(chosen))
        numbers: list[int] = self.ordered[self.key, field, hit].tolist()
        return numbers

    def field(self, by: str) -> str:
        """The field of a dimension or of one of the metric's own breakdowns."""
        return self.recipe.breakdowns.get(by, by)

    def series(self, days: Sequence[date]) -> list[tuple[date, Figure]]:
        """The figure of each day, without an interval."""
        ordinals = [day.toordinal() for day in days]
        starts, ends = (np.searchsorted(self.columns.days, ordinals, side=side) for side in ("left", "right"))
        cases, hits = (self._summed(chosen, starts, ends) for chosen in (self.within, self.within & self.hits))
        places = map(slice, starts.tolist(), ends.tolist())
        return [(day, self._of_day(*one)) for day, one in zip(days, zip(places, hits, cases, strict=True), strict=True)]

    def values(self, part: tuple[str, int] | None = None) -> Values:
        """The value of every hit, or of those whose field has this number, sorted."""
        if (self.key, part) not in self.ordered:
            values = self._of_hits(self.recipe.value)
            chosen = values if part is None else values[self._of_hits(part[0]) == part[1]]
            self.ordered[self.key, part] = statistics.in_order(chosen)
        return self.ordered[self.key, part]

    def _of_part(self, part: tuple[str, int] | None) -> Chosen:
        """The denominator's records, or those whose field has this number."""
        if part is None:
            return self.within
        found: Chosen = self.within & (self.columns[part[0]] == part[1])
        return found

    def _of_hits(self, field: str) -> NDArray[Any]:
        """What a field holds for each hit."""
        if (self.key, field) not in self.ordered:
            self.ordered[self.key, field] = self.columns.repeated(self.columns[field], self.within & self.hits)
        return self.ordered[self.key, field]

    def _of_day(self, day: slice, hit: int, cases: int) -> Figure:
        if not self.recipe.value or self.metric.statistic == "count":
            return figure_of(self.metric, hit, cases, bounds=False)
        within, times, values = self.within[day], self.columns["times"][day], self._value[day]
        if self.metric.statistic == "per_case":
            wholes = np.repeat(self.hits[day][within].astype(float), times[within])
            return figure_of(self.metric, hit, cases, np.repeat(values[within], times[within]), wholes, bounds=False)
        hits = within & self.hits[day]
        return figure_of(self.metric, hit, cases, statistics.in_order(np.repeat(values[hits], times[hits])), bounds=False)

    def _summed(self, chosen: Chosen, starts: NDArray[np.intp], ends: NDArray[np.intp]) -> list[int]:
        """How many cases the chosen records stand for between each start and end."""
        running = np.zeros(len(chosen) + 1, dtype=np.int64)
        np.cumsum(np.where(chosen, self.columns["times"], 0), out=running[1:])
        sums: list[int] = (running[ends] - running[starts]).tolist()
        return sums

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
        self._narrowed: dict[tuple[str, Window, Filters], Chosen] = {}
        self._ordered: dict[Hashable, NDArray[Any]] = {}

    def compute(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> Figure:
        """The metric over the cases whose cohort is in the window."""
        metric = named(metric) if isinstance(metric, str) else metric
        if not self._whole(window):
            return computing.compute(self.session, metric, window, filters)
        return self._counted(metric, window, filters).figure()

    def series(self, metric: Metric | str, window: Window, filters: Filters = EVERYTHING) -> list[tuple[date, Figure]]:
        """The metric for each day of the window (days as on the team's wall), future days left out; without intervals."""
        metric = named(metric) if isinstance(metric, str) else metric
        days = [day for day in self.hours.days_between(window.start, window.end) if day <= self._days.today]
        if metric.stock:
            return self._standing(metric, days, filters)
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
        present = counted.present(field, hit=own)
        total = counted.figure().denominator if own else None
        keys = {number: number or None if by == "person" else self._days.words.word(number) for number in present}
        names = computing.names_of(self.session, by, keys.values())
        found = [Slice(key, names.get(key, str(key)), counted.figure((field, number), total)) for number, key in keys.items()]
        return sorted(found, key=lambda s: (-(s.figure.numerator if own else s.figure.denominator), s.label))

    def _standing(self, metric: Metric, days: Sequence[date], filters: Filters) -> list[tuple[date, Figure]]:
        """A stock at the end of each day: each record stands from its own day until the first end of a day that its moment
        does not reach."""
        shape = shape_of(metric)
        recipe, columns = shape.recipes[metric.name], self._columns(shape, self._since_it_began)
        ends = [micros(min(now(), self.hours.midnight(day + timedelta(days=1)))) for day in days]
        first = np.searchsorted([day.toordinal() for day in days], columns.days)
        until = columns[recipe.until]
        last = np.where(until == NEVER, len(days), np.searchsorted(ends, until, side="right"))
        within = self._population(shape, metric, self._since_it_began, filters) & (first < last)

        def counted(chosen: Chosen) -> list[int]:
            come, gone = (
                np.bincount(places[chosen], weights=columns["times"][chosen], minlength=len(days) + 1) for places in (first, last)
            )
            sums: list[int] = np.cumsum(come - gone)[: len(days)].astype(int).tolist()
            return sums

        counts = zip(days, counted(within & columns.meeting(recipe.hit)), counted(within), strict=True)
        return [(day, figure_of(metric, hits, cases, bounds=False)) for day, hits, cases in counts]

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
        within = self._population(shape, metric, window, filters)
        if recipe.ripens:
            within = within & (columns[recipe.ripens] <= micros(now()))
        if recipe.until:
            within = within & (columns.days < self.hours.day_of(window.end).toordinal())
            within &= (columns[recipe.until] == NEVER) | (columns[recipe.until] >= micros(min(now(), window.end)))
        key = (shape.name, window, filters, recipe.where, recipe.hit, recipe.value, recipe.ripens)
        return Counted(metric, recipe, columns, within, columns.meeting(recipe.hit), key, self._ordered)

    def _population(self, shape: Shape, metric: Metric, window: Window, filters: Filters) -> Chosen:
        """Which records of a window meet the metric's own conditions and the filters, whatever time it is."""
        columns, known = self._columns(shape, window), (shape.name, window, filters)
        found = columns.meeting(shape.recipes[metric.name].where)
        if metric.collective and filters.person is not None:
            return np.zeros(len(columns), dtype=bool)
        if filters == EVERYTHING:
            return found
        if known not in self._narrowed:
            chosen = [columns[by] == self._number(by, value) for by, value in vars(filters).items() if value is not None]
            self._narrowed[known] = np.logical_and.reduce(chosen)
        narrowed: Chosen = found & self._narrowed[known]
        return narrowed

    def _number(self, by: str, key: str | int | None) -> int:
        """How a record names the key of a slice."""
        return int(key or 0) if by == "person" else self._days.words.number(str(key) if key else None)

    def _columns(self, shape: Shape, window: Window) -> Columns:
        """Of the days of the window, or, of what may still stand, of all days."""
        if shape.stock:
            window = self._since_it_began
        key = (shape.name, window)
        if key not in self._read:
            self._read[key] = Columns(shape, self._days.load(shape, window))
        return self._read[key]

    @cached_property
    def _since_it_began(self) -> Window:
        """All days of the desk."""
        return Window(self.hours.midnight(self.hours.day_of(began(self.session))), self._days.end)


def _different(numbers: NDArray[np.int32]) -> list[int]:
    """The numbers that occur, in order. They are those of words or people: small, and close together."""
    if not len(numbers):
        return []
    least = int(numbers.min())
    occur = np.zeros(int(numbers.max()) - least + 1, dtype=bool)
    occur[numbers - least] = True
    return [least + place for place in np.flatnonzero(occur).tolist()]


Source = Session | Counts
"""What to ask: a database, or figures that were asked for others before and have read their cases already."""


def counts_of(source: Source) -> Counts:
    return source if isinstance(source, Counts) else Counts(source)
