"""When customers write: the messages of each hour of the week, on the team's wall."""

from dataclasses import dataclass

import numpy as np

from triage.learning.metrics.counts import Source, counts_of
from triage.learning.metrics.window import EVERYTHING, Filters, Window
from triage.models import now

METRIC = "messages"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_QUARTERS, _IN_AN_HOUR = 7 * 24 * 4, 4


@dataclass(frozen=True)
class Hour:
    """An hour of the week (`weekday` 0 is Monday): its messages, and how often it has come round in the window so far."""

    weekday: int
    hour: int
    messages: int
    times: int

    @property
    def mean(self) -> float:
        """Messages each time it comes round; 0 when it has not yet."""
        return self.messages / self.times if self.times else 0.0

    @property
    def between(self) -> tuple[float, float]:
        """The values of the metric `messages` that lie in this hour, for the cases behind it."""
        first = (self.weekday * 24 + self.hour) * _IN_AN_HOUR
        return float(first), float(first + _IN_AN_HOUR)

    @property
    def words(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.hour:02}:00 to {(self.hour + 1) % 24:02}:00"


def week(source: Source, window: Window, filters: Filters = EVERYTHING) -> list[Hour]:
    """The 168 hours of the week, over the messages of the demands that began in the window."""
    counts = counts_of(source)
    quarters = counts.values(METRIC, window, filters).astype(int)
    messages = np.bincount(quarters, minlength=_QUARTERS).reshape(7, 24, _IN_AN_HOUR).sum(axis=2)
    wall = now().astimezone(counts.hours.zone)
    days = [day for day in counts.hours.days_between(window.start, window.end) if day <= wall.date()]
    times = np.bincount([day.weekday() for day in days], minlength=7)
    to_come = [(wall.weekday(), hour) for hour in range(wall.hour + 1, 24)] if wall.date() in days else []
    return [
        Hour(weekday, hour, int(messages[weekday, hour]), int(times[weekday]) - ((weekday, hour) in to_come))
        for weekday in range(7)
        for hour in range(24)
    ]


def hour_of(value: float) -> Hour:
    """The hour in which a value of the metric lies, to be named in words."""
    place = int(value) // _IN_AN_HOUR % (7 * 24)
    return Hour(place // 24, place % 24, 0, 0)
