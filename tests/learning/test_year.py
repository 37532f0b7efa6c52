"""A small generated year: every figure is the generator's own count, on both databases, counted beforehand or not."""

from datetime import UTC, datetime

import pytest

from benchmarks.year import rows, story
from benchmarks.year.checking import check
from benchmarks.year.truth import Truth
from triage.database import Database
from triage.learning.metrics import METRICS, rollups
from triage.models import clock_at

UNTIL = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
TICKETS = 2_000


@pytest.fixture(scope="module")
def year() -> story.Year:
    return story.tell(TICKETS, UNTIL)


def test_every_figure_is_the_truth(database: Database, year: story.Year) -> None:
    truth = Truth(year, UNTIL)
    with clock_at(UNTIL):
        rows.write(database, year)
        rollups.refresh(database)
        with database.read() as session:
            found = {row.metric.name: row for row in check(session, truth)}
    assert {name: row.wrong for name, row in found.items() if row.wrong} == {}
    assert set(found) == set(METRICS)
    assert min(row.compared for row in found.values()) > 3
    empty = {name for name, row in found.items() if not row.figure.denominator}
    assert empty == set()


def test_a_wrong_figure_is_found(year: story.Year) -> None:
    """The check is one: another truth is told from this one."""
    truth, other = Truth(year, UNTIL), story.tell(TICKETS, UNTIL, seed=7)
    assert truth.whole("csat", "mean") != Truth(other, UNTIL).whole("csat", "mean")
    assert story.tell(TICKETS, UNTIL).episodes == year.episodes
