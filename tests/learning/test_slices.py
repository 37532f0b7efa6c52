"""Parts add up to the whole, for every metric, split and filter, from counted days and from the tables."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from benchmarks.year import rows, story
from tests.homes import fresh
from triage.database import Database
from triage.learning.metrics import METRICS, Counts, Filters, Metric, Slice, Window, rollups, slices, values
from triage.learning.metrics.shape import DIMENSIONS
from triage.models import clock_at
from triage.settings import Settings

UNTIL = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)

FILTERS = st.builds(
    Filters,
    category=st.sampled_from([None, *story.CATEGORIES]),
    language=st.sampled_from([None, *story.LANGUAGES]),
    channel=st.sampled_from([None, *story.CHANNELS]),
    person=st.sampled_from([None, *range(1, story.PEOPLE + 1)]),
)
SPANS = st.tuples(st.integers(0, story.DAYS), st.integers(1, 90))  # how many days ago the last day was, and how many days


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A small generated year with its days counted; only read from it."""
    database = fresh(Settings(home=tmp_path_factory.mktemp("slices")))
    with clock_at(UNTIL):
        rows.write(database, story.tell(800, UNTIL))
        rollups.refresh(database)
        yield database
    database.close()


def _window(counts: Counts, span: tuple[int, int]) -> Window:
    last = counts.hours.day_of(UNTIL) - timedelta(days=span[0])
    return Window.of_days(last - timedelta(days=span[1] - 1), last, counts.hours)


@given(span=SPANS, filters=FILTERS)
@settings(max_examples=8, deadline=None)
def test_parts_of_every_metric_add_up(counted: Database, span: tuple[int, int], filters: Filters) -> None:
    with counted.read() as session:
        counts = Counts(session)
        window = _window(counts, span)
        for metric in METRICS.values():
            for by in DIMENSIONS:
                _split(counts, metric, window, filters, by)
            for by in metric.breakdowns:
                whole, parts = counts.compute(metric, window, filters), counts.slices(metric, window, filters, by=by)
                assert sum(part.figure.numerator for part in parts) == whole.numerator, (metric.name, by)
                assert {part.figure.denominator for part in parts} <= {whole.denominator}
                if metric.statistic == "sum":
                    assert sum(part.figure.value or 0.0 for part in parts) == pytest.approx(whole.value, abs=1e-9)


def _split(counts: Counts, metric: Metric, window: Window, filters: Filters, by: str) -> None:
    """A dimension's parts have every case once, each part being what the filter of its key gives."""
    whole, parts = counts.compute(metric, window, filters), counts.slices(metric, window, filters, by=by)
    if metric.collective and by == "person":
        assert parts == []
        return
    assert sum(part.figure.numerator for part in parts) == whole.numerator, (metric.name, by)
    assert sum(part.figure.denominator for part in parts) == whole.denominator, (metric.name, by)
    assert max(Counter(part.key for part in parts).values(), default=1) == 1
    if getattr(filters, by) is None:
        for part in parts:
            if part.key is not None:
                assert counts.compute(metric, window, replace(filters, **{by: part.key})) == part.figure, (
                    metric.name,
                    by,
                    part.key,
                )
    if metric.columns and metric.statistic != "per_case":
        _spread(counts, metric, window, filters, by, parts)


def _spread(counts: Counts, metric: Metric, window: Window, filters: Filters, by: str, parts: list[Slice]) -> None:
    """The single values of the parts are together those of the whole."""
    own = [counts.values(metric, window, filters, part=(by, part.key)) for part in parts]
    together = np.sort(np.concatenate(own)) if own else np.zeros(0)
    assert together.tolist() == counts.values(metric, window, filters).tolist(), (metric.name, by)


@given(span=SPANS, filters=FILTERS, name=st.sampled_from(sorted(METRICS)))
@settings(max_examples=25, deadline=None)
def test_parts_are_those_of_the_tables(counted: Database, span: tuple[int, int], filters: Filters, name: str) -> None:
    with counted.read() as session:
        counts, metric = Counts(session), METRICS[name]
        window = _window(counts, span)
        for by in (*DIMENSIONS, *metric.breakdowns):
            assert counts.slices(metric, window, filters, by=by) == slices(session, metric, window, filters, by=by)
        _same_values(session, counts, metric, window, filters)


def _same_values(session: Session, counts: Counts, metric: Metric, window: Window, filters: Filters) -> None:
    if metric.columns and metric.statistic != "per_case":
        assert counts.values(metric, window, filters).tolist() == sorted(values(session, metric, window, filters))
