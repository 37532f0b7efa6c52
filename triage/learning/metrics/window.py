"""The stretch of time a figure is about, and which tickets count."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from triage.models import now
from triage.sla.hours import BusinessHours


@dataclass(frozen=True)
class Window:
    """From `start` up to, not including, `end`; aware moments."""

    start: datetime
    end: datetime

    @classmethod
    def of_days(cls, first: date, last: date, hours: BusinessHours) -> "Window":
        """Whole days on the team's wall, both ends included."""
        return cls(hours.midnight(first), hours.midnight(last + timedelta(days=1)))

    @classmethod
    def last(cls, days: int, hours: BusinessHours) -> "Window":
        """Today and the days before it, `days` in all."""
        today = hours.day_of(now())
        return cls.of_days(today - timedelta(days=days - 1), today, hours)

    def previous(self, hours: BusinessHours) -> "Window":
        """The same number of days, right before this window."""
        days = len(hours.days_between(self.start, self.end))
        first = hours.day_of(self.start)
        return Window.of_days(first - timedelta(days=days), first - timedelta(days=1), hours)


@dataclass(frozen=True)
class Filters:
    """Which cases count; None lets everything pass. `person` is a user id."""

    category: str | None = None
    language: str | None = None
    channel: str | None = None
    person: int | None = None


EVERYTHING = Filters()
