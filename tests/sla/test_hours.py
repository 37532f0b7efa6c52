"""Business time, whatever the week, the zone and the day: added and measured it is the same."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import SettingsError
from triage.sla.clocks import Clock, due, left
from triage.sla.hours import ALWAYS, BusinessHours, public_holidays, week_of, words_of

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 30), timezones=st.just(UTC))
SECONDS = st.integers(0, 90 * 3600).map(float)


@st.composite
def _days(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    marks = sorted(draw(st.lists(st.integers(0, 1440), min_size=0, max_size=4, unique=True)))
    return tuple(zip(marks[::2], marks[1::2], strict=False))


@st.composite
def schedules(draw: st.DrawFn) -> BusinessHours:
    week = draw(st.tuples(*[_days()] * 7).filter(lambda week: sum(b - a for day in week for a, b in day) >= 120))
    closed = draw(st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=20))
    country = draw(st.sampled_from(["", "NL", "DE", "US", "IN"]))
    return BusinessHours(ZoneInfo(draw(st.sampled_from(ZONES))), week, country, "", closed)


@settings(deadline=None, max_examples=150)
@given(schedules(), MOMENTS, SECONDS)
def test_added_time_measured_gives_it_back(hours: BusinessHours, start: datetime, seconds: float) -> None:
    end = hours.add(start, seconds)
    assert end >= start
    assert hours.seconds_between(start, end) == seconds


@settings(deadline=None, max_examples=100)
@given(schedules(), MOMENTS, SECONDS, SECONDS)
def test_time_adds_up_and_more_of_it_is_never_earlier(hours: BusinessHours, start: datetime, a: float, b: float) -> None:
    assert hours.add(hours.add(start, a), b) == hours.add(start, a + b)
    assert hours.add(start, a + b) >= hours.add(start, a)


@settings(deadline=None, max_examples=100)
@given(schedules(), MOMENTS, SECONDS, st.lists(st.tuples(MOMENTS, st.integers(0, 100)), max_size=4))
def test_a_pause_never_brings_the_due_time_forward(
    hours: BusinessHours, start: datetime, seconds: float, pauses: list[tuple[datetime, int]]
) -> None:
    moment, taken = datetime(2026, 1, 1, tzinfo=UTC), []
    for begins, length in sorted(pauses):
        if begins >= moment:
            moment = begins + timedelta(hours=length)
            taken.append((begins, moment))
    before = hours.add(start, seconds)
    for number in range(len(taken) + 1):
        after = due(start, seconds, hours, taken[:number])
        assert after is not None and after >= before
        before = after
    late = due(start, seconds, hours, [*taken, (start, None)]) if not taken else before
    assert late is None or late >= hours.add(start, seconds)


@settings(deadline=None, max_examples=60)
@given(schedules(), MOMENTS, st.integers(0, 40))
def test_a_holiday_never_counts(hours: BusinessHours, start: datetime, ahead: int) -> None:
    day = hours.day_of(start) + timedelta(days=ahead)
    shut = BusinessHours(hours.zone, hours.week, hours.country, hours.region, hours.closed | {day})
    assert shut.seconds_between(shut.midnight(day), shut.midnight(day + timedelta(days=1))) == 0
    assert shut.add(start, 3600) >= hours.add(start, 3600)


def test_days_of_23_and_25_hours_have_as_many() -> None:
    round_the_clock = BusinessHours(AMSTERDAM, ALWAYS.week)
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)):
        begins, ends = round_the_clock.midnight(day), round_the_clock.midnight(day + timedelta(days=1))
        assert round_the_clock.seconds_between(begins, ends) == hours * 3600
        assert round_the_clock.add(begins, hours * 3600) == ends
    office = BusinessHours()
    friday = datetime.combine(date(2026, 3, 27), time(17), AMSTERDAM)  # the clocks change in between
    assert office.add(friday, 2 * 3600) == datetime.combine(date(2026, 3, 30), time(9), AMSTERDAM)
    skipped = BusinessHours(AMSTERDAM, week_of("Sun 02:00-03:00"))
    assert skipped.seconds_between(skipped.midnight(date(2026, 3, 29)), skipped.midnight(date(2026, 3, 30))) == 0


def test_public_holidays_are_days_off_unless_they_are_worked() -> None:
    christmas = date(2026, 12, 25)
    thursday = datetime.combine(date(2026, 12, 24), time(17), AMSTERDAM)
    shut = BusinessHours(country="NL")
    assert public_holidays("NL")[christmas] == "Christmas Day"
    assert shut.add(thursday, 2 * 3600) == datetime.combine(date(2026, 12, 28), time(9), AMSTERDAM)
    open_ = BusinessHours(country="NL", worked=frozenset({christmas}))
    assert open_.add(thursday, 2 * 3600) == datetime.combine(christmas, time(9), AMSTERDAM)
    assert BusinessHours(country="DE", region="BY").is_holiday(date(2026, 1, 6)) and not shut.is_holiday(date(2026, 1, 6))
    with pytest.raises(SettingsError, match="holidays of DE-XX are not known"):
        BusinessHours(country="DE", region="XX").is_holiday(christmas)


def test_time_that_never_comes_is_said_so() -> None:
    never = BusinessHours(
        week=week_of("Mon 08:00-08:30"), closed=frozenset(date(2026, 1, 5) + timedelta(days=7 * n) for n in range(600))
    )
    with pytest.raises(SettingsError, match="no working time"):
        never.add(datetime(2026, 1, 1, tzinfo=UTC), 60)


@settings(deadline=None, max_examples=80)
@given(schedules())
def test_a_week_is_read_as_it_is_written(hours: BusinessHours) -> None:
    assert week_of(words_of(hours.week)) == hours.week


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Mon",
        "Mon-Fri",
        "Mon 8-18",
        "Mon 18:00-08:00",
        "Mon 08:00-25:00",
        "Fri-Mon 08:00-18:00",
        "Mon 08:00-12:00 11:00-13:00",
    ],
)
def test_a_week_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        week_of(text)


def test_what_is_left_stands_still_in_a_pause() -> None:
    office, start = BusinessHours(), datetime(2026, 11, 23, 8, tzinfo=AMSTERDAM)
    clock = Clock("resolve", start, 4 * 3600)
    paused = [(start + timedelta(hours=1), None)]
    for hours in (1, 5, 200):
        assert left(clock, office, paused, start + timedelta(hours=hours)) == 3 * 3600
    assert left(clock, office, [], start + timedelta(hours=5)) == -3600
