"""When customers write: every message of the demands stands in the hour it came in, on the team's wall, and opens its ticket."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from tests.learning.conftest import NOW, fill
from triage.database import Database
from triage.learning.metrics import BusinessHours, Counts, Filters, Window, compute, rollups, tickets, timing
from triage.learning.metrics.metric import quarter
from triage.models import Episode, Message, clock_at
from triage.sla.hours import zone_of


def received(session: Session, window: Window) -> list[tuple[int, datetime]]:
    """(ticket, moment) of what customers wrote, by plain reading."""
    within = (Episode.started_at >= window.start, Episode.started_at < window.end, Episode.eligible)
    statement = select(Message.ticket_id, Message.created_at).join(Episode, col(Episode.id) == col(Message.episode_id))
    return list(session.exec(statement.where(Message.direction == "in", *within)))


def test_each_message_is_in_its_hour_counted_beforehand_or_not(database: Database) -> None:
    with clock_at(NOW), database.transaction() as session:
        fill(session)
    with clock_at(NOW):
        window, zone = Window.last(30, BusinessHours()), BusinessHours().zone
        rollups.refresh(database)
        with database.read() as session:
            walls = [(ticket, moment.astimezone(zone)) for ticket, moment in received(session, window)]
            expected = Counter((wall.weekday(), wall.hour) for _, wall in walls)
            for counts in (Counts(session), Counts(session, rollups=False)):
                week = timing.week(counts, window)
                assert len(week) == 168 and Counter({(h.weekday, h.hour): h.messages for h in week if h.messages}) == expected
            busiest = max(week, key=lambda hour: hour.messages)
            behind = tickets(session, timing.METRIC, window, between=busiest.between)
            assert set(behind) == {t for t, wall in walls if (wall.weekday(), wall.hour) == (busiest.weekday, busiest.hour)}
            assert sum(hour.messages for hour in week) == compute(session, timing.METRIC, window).numerator
            german = timing.week(session, window, Filters(language="de"))
            assert 0 < sum(hour.messages for hour in german) < len(walls)


def test_an_hour_counts_as_often_as_it_came_round(empty: Database) -> None:
    """On a Friday at four in the afternoon, over two weeks: the hours of this Friday that are to come have come once."""
    with empty.read() as session:
        week = {(h.weekday, h.hour): h for h in timing.week(session, Window.last(14, BusinessHours()))}
    assert week[0, 9].times == 2 and week[4, 16].times == 2 and week[4, 17].times == 1
    assert week[0, 9].mean == 0.0 and week[4, 23].words == "Friday 23:00 to 00:00"


@pytest.mark.parametrize("zone", ["Europe/Amsterdam", "Asia/Kathmandu", "America/St_Johns", "UTC"])
def test_the_quarter_is_that_of_the_wall(zone: str) -> None:
    hours = BusinessHours(zone_of(zone))
    for step in range(0, 60 * 24 * 9, 35):
        moment = datetime(2026, 10, 24, tzinfo=UTC) + timedelta(minutes=step)  # over the end of summer time
        wall = moment.astimezone(hours.zone)
        hour = timing.hour_of(quarter([moment], hours))
        assert (hour.weekday, hour.hour) == (wall.weekday(), wall.hour) and hour.between[0] <= quarter(
            [moment], hours
        ) < hour.between[1]
