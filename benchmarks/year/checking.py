"""Every figure of the desk held against the truth: whole, by month, by who and what, and by its own reasons."""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import isclose

from sqlmodel import Session

from benchmarks.year.truth import Answer, Truth
from triage.learning.metrics import METRICS, Counts, Figure, Metric, Window

DIMENSIONS = ("category", "language", "channel", "person")


@dataclass(frozen=True)
class Checked:
    """One metric: how it came out, how many figures of it were compared, and those that differ, in words."""

    metric: Metric
    figure: Figure
    compared: int
    wrong: list[str]


def check(session: Session, truth: Truth, *, rollups: bool = True) -> Iterator[Checked]:
    """All metrics, one after the other."""
    counts = Counts(session, rollups=rollups)
    for metric in METRICS.values():
        yield _check(counts, metric, truth)


def _check(counts: Counts, metric: Metric, truth: Truth) -> Checked:
    window = Window(counts.hours.midnight(counts.hours.day_of(truth.year.episodes[0].started)), Window.last(1, counts.hours).end)
    whole = counts.compute(metric, window)
    found = [("whole", whole, truth.whole(metric.name, metric.statistic))]
    if not metric.stock:
        months = truth.by(metric.name, metric.statistic, "month")
        for (year, month), answer in sorted(months.items()):  # type: ignore[misc]
            last = date(year, month, calendar.monthrange(year, month)[1])
            own = Window.of_days(date(year, month, 1), last, counts.hours)
            found.append((f"{year}-{month:02}", counts.compute(metric, own), answer))
    for dimension in DIMENSIONS[:-1] if metric.collective else DIMENSIONS:
        parts = {part.key: part.figure for part in counts.slices(metric, window, by=dimension)}
        answers = truth.by(metric.name, metric.statistic, dimension)
        found += [
            (f"{dimension} {key}", parts.get(key, _NOTHING), answers.get(key, _NONE)) for key in parts.keys() | answers.keys()
        ]  # type: ignore[arg-type]
    for by in metric.breakdowns:
        if by != "article" and by != "edit":
            slices = {str(part.key): part.figure for part in counts.slices(metric, window, by=by)}
            own_parts = {key: figure.numerator for key, figure in slices.items()}
            told = truth.parts(metric.name)
            found += [
                (f"{by} {key}", _counted(own_parts.get(key, 0)), _told(told.get(key, 0)))
                for key in own_parts.keys() | told.keys()
            ]
            if metric.statistic == "sum":
                sums = truth.sums(metric.name)
                found += [
                    (f"sum of {by} {key}", slices.get(key, _NOTHING), Answer(told[key], whole.denominator, sums[key]))
                    for key in sums
                ]
    return Checked(metric, whole, len(found), [_words(*row) for row in found if not _same(row[1], row[2])])


_NOTHING, _NONE = Figure(None, 0, 0, None, None, False), Answer(0, 0, None)


def _counted(number: int) -> Figure:
    return Figure(float(number), number, number, None, None, True)


def _told(number: int) -> Answer:
    return Answer(number, number, float(number))


def _same(figure: Figure, answer: Answer) -> bool:
    if (figure.numerator, figure.denominator) != (answer.hits, answer.cases):
        return False
    if figure.value is None or answer.value is None:
        return figure.value == answer.value
    return isclose(figure.value, answer.value, rel_tol=1e-9, abs_tol=1e-9)


def _words(where: str, figure: Figure, answer: Answer) -> str:
    return f"{where}: {figure.numerator} of {figure.denominator}, {figure.value}; should be {answer.hits} of {answer.cases}, {answer.value}"
