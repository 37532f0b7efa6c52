"""The clock of business hours: how long the team was at work between two moments."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session

from triage import workspace
from triage.errors import SettingsError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONDAY = date(1970, 1, 5)
_SHAPE = re.compile(r"([a-z]{3})-([a-z]{3}) (\d\d):(\d\d)-(\d\d):(\d\d) (\S+)", re.IGNORECASE)


@dataclass(frozen=True)
class BusinessHours:
    """Working days (0 is Monday) and hours in one time zone."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    days: frozenset[int] = frozenset(range(5))
    opens: time = time(8)
    closes: time = time(18)

    @classmethod
    def parse(cls, text: str) -> "BusinessHours":
        """Read "Mon-Fri 08:00-18:00 Europe/Amsterdam"; raises SettingsError when it is written otherwise."""
        match = _SHAPE.fullmatch(text.strip())
        wrong = SettingsError(f"Business hours are written like “Mon-Fri 08:00-18:00 Europe/Amsterdam”, not “{text}”.")
        if match is None:
            raise wrong
        try:
            first, last = DAYS.index(match[1].lower()), DAYS.index(match[2].lower())
            opens, closes = time(int(match[3]), int(match[4])), time(int(match[5]), int(match[6]))
            zone = ZoneInfo(match[7])
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise wrong from error
        if first > last or opens >= closes:
            raise wrong
        return cls(zone, frozenset(range(first, last + 1)), opens, closes)

    @classmethod
    def of(cls, session: Session) -> "BusinessHours":
        """The hours that the desk's settings name."""
        return cls.parse(str(workspace.get(session, "business_hours")))

    def seconds_between(self, start: datetime, end: datetime) -> float:
        """Seconds of working time between two aware moments; 0 when `end` is not later."""
        return max(0.0, self._worked(end) - self._worked(start))

    def open_at(self, moment: datetime) -> bool:
        """Whether the team works at this moment."""
        local = moment.astimezone(self.zone)
        return local.weekday() in self.days and self.opens <= local.time() < self.closes

    def day_of(self, moment: datetime) -> date:
        """The calendar day on the team's wall."""
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The moment, in UTC, at which a day begins on the team's wall."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def days_between(self, start: datetime, end: datetime) -> list[date]:
        """Every day on the team's wall that [start, end) touches."""
        first, last = self.day_of(start), self.day_of(end - timedelta(microseconds=1))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def _worked(self, moment: datetime) -> float:
        """Working seconds since Monday 5 January 1970: whole weeks, whole days of this week, part of today."""
        local = moment.astimezone(self.zone)
        weeks, weekday = divmod((local.date() - _MONDAY).days, 7)
        days = weeks * len(self.days) + _count(self.days, weekday)
        day = _seconds(self.closes) - _seconds(self.opens)
        today = min(max(_seconds(local.time()) - _seconds(self.opens), 0.0), day) if weekday in self.days else 0.0
        return days * day + today


def _seconds(moment: time) -> float:
    return moment.hour * 3600 + moment.minute * 60 + moment.second + moment.microsecond / 1e6


def _count(days: Iterable[int], before: int) -> int:
    return sum(day < before for day in days)
