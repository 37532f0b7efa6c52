from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.errors import SettingsError
from triage.learning.metrics import statistics
from triage.learning.metrics.window import Window
from triage.sla.hours import BusinessHours

HOURS = BusinessHours()
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))


def test_a_weekend_does_not_count() -> None:
    friday, monday = datetime(2026, 11, 20, 16, 30, tzinfo=UTC), datetime(2026, 11, 23, 7, 15, tzinfo=UTC)
    assert HOURS.seconds_between(friday, monday) == 45 * 60  # 17:30 to 18:00 and 08:00 to 08:15 in Amsterdam
    assert not HOURS.open_at(datetime(2026, 11, 21, 11, tzinfo=UTC))


def test_a_working_day_has_ten_hours_in_summer_and_winter() -> None:
    for day in (datetime(2026, 7, 6, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)):
        assert HOURS.seconds_between(day, day + timedelta(days=1)) == 36_000
        assert HOURS.seconds_between(day, day + timedelta(days=7)) == 5 * 36_000


@given(MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up_and_never_exceeds_the_calendar(a: datetime, b: datetime, c: datetime) -> None:
    first, second, third = sorted((a, b, c))
    whole = HOURS.seconds_between(first, third)
    parts = HOURS.seconds_between(first, second) + HOURS.seconds_between(second, third)
    assert whole == pytest.approx(parts, abs=1e-3)
    assert 0 <= whole <= (third - first).total_seconds() + 1e-3


@pytest.mark.parametrize(
    "text", ["", "9 to 5", "Mon-Fri 08:00-18:00 Atlantis/Nowhere", "Fri-Mon 08:00-18:00 UTC", "Mon-Fri 18:00-08:00 UTC"]
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="Mon-Fri 08:00-18:00"):
        BusinessHours.parse(text)


def test_hours_are_read() -> None:
    assert BusinessHours.parse("Mon-Fri 08:00-18:00 Europe/Amsterdam") == HOURS
    assert BusinessHours.parse("tue-sat 07:30-12:00 UTC").days == frozenset({1, 2, 3, 4, 5})


def test_windows_are_whole_days_also_when_the_clock_changes() -> None:
    window = Window.of_days(date(2026, 10, 20), date(2026, 10, 29), HOURS)
    assert (window.end - window.start) == timedelta(days=10, hours=1)
    before = window.previous(HOURS)
    assert before.end == window.start
    assert len(HOURS.days_between(before.start, before.end)) == 10


def test_wilson_is_the_textbook_interval() -> None:
    assert statistics.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-3)
    assert statistics.wilson(0, 0) == (0.0, 1.0)
    assert statistics.wilson(0, 20)[0] == 0.0
    assert statistics.wilson(20, 20)[1] == 1.0


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share(hits: int, misses: int) -> None:
    low, high = statistics.wilson(hits, hits + misses)
    share = hits / (hits + misses) if hits + misses else 0.5
    assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize("at", [0.5, 0.9])
def test_the_quick_bootstrap_agrees_with_resampling(at: float) -> None:
    values = np.random.default_rng(3).lognormal(3, 1, 400)
    resampled = np.quantile(np.random.default_rng(4).choice(values, (4000, 400)), at, axis=1)
    value, low, high = statistics.quantile(values.tolist(), at)
    assert value == pytest.approx(float(np.quantile(values, at)))
    assert (low, high) == pytest.approx(tuple(np.quantile(resampled, (0.025, 0.975))), rel=0.08)


def test_the_mean_of_many_and_of_few_have_matching_intervals() -> None:
    values = np.random.default_rng(5).exponential(2.0, 1999)
    _, low, high = statistics.mean(values.tolist())
    _, low_many, high_many = statistics.mean([*values.tolist(), 2.0])
    assert (low, high) == pytest.approx((low_many, high_many), rel=0.02)


def test_intervals_are_the_same_every_time() -> None:
    values = [1.0, 5.0, 2.0, 8.0, 3.0] * 9
    assert statistics.quantile(values, 0.5) == statistics.quantile(values, 0.5)
    assert statistics.quantile([4.0], 0.99) == (4.0, 4.0, 4.0)
