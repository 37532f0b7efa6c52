"""The period before, laid over a period day by day."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session

from triage.learning.metrics import BusinessHours, Counts, Filters, Window, compute, reports, series
from triage.learning.metrics.before import Before

DAYS = timedelta(days=14)
NARROW = Filters(language="de")


@pytest.fixture
def recent(window: Window) -> Window:
    """The last fourteen days; the demo's history is older than twice that."""
    hours = BusinessHours()
    return Window(hours.midnight(hours.day_of(window.end) - DAYS), window.end)


@pytest.mark.parametrize("filters", [Filters(), NARROW])
@pytest.mark.parametrize("name", ["volume", "backlog", "escalation_rate", "first_reply_business", "cost_per_ticket"])
def test_each_day_is_that_of_so_many_days_before(session: Session, recent: Window, name: str, filters: Filters) -> None:
    before = Before(Counts(session), recent, filters)
    assert before.ago == DAYS and before.period == recent.previous(BusinessHours())
    own = dict(series(session, name, before.period, filters))
    told = dict(before.series(name))
    assert told == {day + DAYS: figure for day, figure in own.items()} and len(told) == 14


@pytest.mark.parametrize("filters", [Filters(), NARROW])
def test_outcomes_stand_beside_those_of_the_same_day_before(session: Session, recent: Window, filters: Filters) -> None:
    before = Before(Counts(session), recent, filters)
    rows = before.outcomes()
    assert sum(row["tickets"] for row in rows) == compute(session, "volume", recent, filters).numerator
    assert sum(row["before_tickets"] for row in rows) == compute(session, "volume", before.period, filters).numerator
    assert all(row["before_day"] == row["day"] - DAYS for row in rows)
    plain = reports.outcomes(session, recent, filters)
    assert [{name: row[name] for name in ("day", "outcome", "tickets")} for row in rows if row["tickets"]] == plain


def test_weeks_are_those_of_the_window_moved_back(session: Session, recent: Window) -> None:
    before = Before(Counts(session), recent)
    found = before.weekly("escalation_rate", by="reason")
    assert sum(found.values()) == compute(session, "escalation_rate", before.period).numerator
    assert {monday for monday, _ in found} <= {monday for monday, _ in reports.weeks(recent, BusinessHours())}
    assert all(isinstance(monday, date) and monday.weekday() == 0 for monday, _ in found)


@pytest.mark.parametrize("days", range(10, 17))
def test_a_week_known_in_part_is_not_summed(session: Session, days: int) -> None:
    hours = BusinessHours()
    start = hours.day_of(reports.began(session)) + timedelta(days=3)
    before = Before(Counts(session), Window.of_days(start, start + timedelta(days=days - 1), hours))
    assert start < before.first == start + timedelta(days=days - 3)
    assert all(monday >= before.first for monday, _ in before.weekly("volume", by="category"))


def test_days_before_the_desk_was_there_are_not_told(session: Session) -> None:
    hours = BusinessHours()
    first = hours.day_of(reports.began(session))
    window = Window.of_days(first + timedelta(days=3), first + timedelta(days=12), hours)
    before = Before(Counts(session), window)
    assert before.first == first + timedelta(days=10)
    assert [day for day, _ in before.series("volume")] == [first + timedelta(days=n) for n in (10, 11, 12)]
    rows = before.outcomes()
    assert rows and {row["day"] >= before.first for row in rows if row["before_tickets"] is not None} <= {True}
    assert all(row["before_tickets"] is None and row["before_day"] is None for row in rows if row["day"] < before.first)
    young = Before(Counts(session), Window.of_days(first, first, hours))
    assert not young.known and young.series("volume") == []
    assert [row["before_tickets"] for row in young.outcomes()] == [None] * len(reports.outcomes(session, young.window))
    assert young.weekly("escalation_rate", by="reason") == {}
