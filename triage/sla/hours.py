"""Business time: when a team is at work, with holidays, in one time zone, on days of 23 and 25 hours too.

Working time is measured in seconds that really pass: each day's hours are turned into moments before they are
subtracted, so an hour that the clock skips in spring is no working hour, and one that it repeats in autumn is two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from triage.errors import SettingsError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60  # minutes
_LONGEST = 3_660  # days that are looked at for working time
_GROUP = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? (.+)", re.IGNORECASE)
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")

Week = tuple[tuple[tuple[int, int], ...], ...]
"""For Monday to Sunday the spans of work, in minutes since midnight on the team's wall."""

OFFICE: Week = (((480, 1080),),) * 5 + ((),) * 2


@dataclass(frozen=True)
class BusinessHours:
    """A week of work in one time zone, and the days on which nobody works.

    `country` and `region` (ISO 3166 codes) name the public holidays; `closed` are further days off, `worked` are days
    that count although they are holidays.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Amsterdam"))
    week: Week = OFFICE
    country: str = ""
    region: str = ""
    closed: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "BusinessHours":
        """Read "Mon-Fri 08:00-18:00 Europe/Amsterdam"; raises SettingsError when it is written otherwise."""
        week, _, zone = text.strip().rpartition(" ")
        try:
            return cls(zone_of(zone), week_of(week))
        except SettingsError as error:
            wrong = f"Business hours are written like “Mon-Fri 08:00-18:00 Europe/Amsterdam”, not “{text}”."
            raise SettingsError(wrong) from error

    @property
    def days(self) -> frozenset[int]:
        """Weekdays with working hours; 0 is Monday."""
        return frozenset(day for day, spans in enumerate(self.week) if spans)

    # ---- measuring ----------------------------------------------------------------------------------------

    def seconds_between(self, start: datetime, end: datetime) -> float:
        """Seconds of working time between two aware moments; 0 when `end` is not later."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return 0.0
        passed = timedelta()
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            passed += max(min(closes, end) - max(opens, start), timedelta())
        return passed.total_seconds()

    def add(self, start: datetime, seconds: float) -> datetime:
        """The first moment, in UTC, by which that much working time has passed since `start`.

        Raises SettingsError when there is no such moment within ten years.
        """
        start = start.astimezone(UTC)
        left = timedelta(seconds=max(0.0, seconds))
        if not left:
            return start
        for opens, closes in self._spans(start):
            begins = max(opens, start)
            if begins < closes:
                if left <= closes - begins:
                    return begins + left
                left -= closes - begins
        raise SettingsError("These business hours have no working time; name at least one day that is no holiday.")

    def open_at(self, moment: datetime) -> bool:
        """Whether the team works at this moment."""
        return any(opens <= moment < closes for opens, closes in self._moments(self.day_of(moment)))

    def is_holiday(self, day: date) -> bool:
        """Whether nobody works on a day that would otherwise be a working day."""
        if day in self.worked:
            return False
        return day in self.closed or (bool(self.country) and day in public_holidays(self.country, self.region))

    # ---- days on the wall ---------------------------------------------------------------------------------

    def day_of(self, moment: datetime) -> date:
        """The calendar day on the team's wall."""
        return moment.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The moment, in UTC, at which a day begins on the team's wall."""
        return _moment(day, 0, self.zone)

    def days_between(self, start: datetime, end: datetime) -> list[date]:
        """Every day on the team's wall that [start, end) touches."""
        first, last = self.day_of(start), self.day_of(end - timedelta(microseconds=1))
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def _spans(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working spans from the day of `start` on, in UTC."""
        first = self.day_of(start)
        for number in range(_LONGEST):
            yield from self._moments(first + timedelta(days=number))

    def _moments(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        spans = self.week[day.weekday()]
        return () if not spans or self.is_holiday(day) else _moments_of(day, spans, self.zone)


ALWAYS = BusinessHours(ZoneInfo("UTC"), (((0, DAY),),) * 7)
"""Round the clock."""


@lru_cache(maxsize=20_000)
def _moments_of(day: date, spans: tuple[tuple[int, int], ...], zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    found = ((_moment(day, opens, zone), _moment(day, closes, zone)) for opens, closes in spans)
    return tuple((opens, closes) for opens, closes in found if opens < closes)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    day += timedelta(days=minute // DAY)
    return datetime.combine(day, time(minute % DAY // 60, minute % 60), zone).astimezone(UTC)


# ---- what people write ------------------------------------------------------------------------------------


def zone_of(name: str) -> ZoneInfo:
    """Raises SettingsError for a time zone that is none."""
    try:
        return ZoneInfo(name.strip())
    except (ValueError, OSError, ZoneInfoNotFoundError) as error:
        raise SettingsError(f"There is no time zone “{name}”; choose one such as Europe/Amsterdam.") from error


def week_of(text: str) -> Week:
    """Read "Mon-Fri 08:00-12:00 13:00-18:00, Sat 10:00-14:00". Raises SettingsError, saying which part cannot be read."""
    week: list[list[tuple[int, int]]] = [[] for _ in DAYS]
    for part in filter(None, (" ".join(one.split()) for one in re.split(r"[,;\n]", text))):
        match = _GROUP.fullmatch(part)
        if match is None:
            raise _unreadable(part)
        first, last = match[1].lower(), (match[2] or match[1]).lower()
        if first not in DAYS or last not in DAYS or DAYS.index(first) > DAYS.index(last):
            raise _unreadable(part)
        spans = [_span(one, part) for one in match[3].split()]
        for number in range(DAYS.index(first), DAYS.index(last) + 1):
            week[number] += spans
    if not any(week):
        raise _unreadable(text)
    for day in week:
        day.sort()
        if any(before[1] > after[0] for before, after in pairwise(day)):
            raise SettingsError(f"Hours of a day overlap in “{text}”.")
    return tuple(map(tuple, week))


def words_of(week: Week) -> str:
    """A week as `week_of` reads it, equal days in a row together."""
    parts: list[str] = []
    day = 0
    while day < len(DAYS):
        last = day
        while last + 1 < len(DAYS) and week[last + 1] == week[day]:
            last += 1
        if week[day]:
            name = DAYS[day].title() + (f"-{DAYS[last].title()}" if last > day else "")
            spans = (f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in week[day])
            parts.append(f"{name} {' '.join(spans)}")
        day = last + 1
    return ", ".join(parts)


def _span(text: str, part: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise _unreadable(part)
    hours = [int(match[1]), int(match[3])]
    opens, closes = hours[0] * 60 + int(match[2]), hours[1] * 60 + int(match[4])
    if not 0 <= opens < closes <= DAY or int(match[2]) > 59 or int(match[4]) > 59:
        raise _unreadable(part)
    return opens, closes


def _unreadable(part: str) -> SettingsError:
    return SettingsError(
        f"“{part}” cannot be read as hours; write them like “Mon-Fri 08:00-18:00, Sat 10:00-14:00”, a night as two days."
    )


# ---- public holidays --------------------------------------------------------------------------------------


@cache
def public_holidays(country: str, region: str = "") -> dict[date, str]:
    """The public holidays of a country or one of its regions; years are worked out as they are asked for.

    Raises SettingsError for codes that name none. From the package `holidays`, which knows them without a network.
    """
    import holidays

    try:
        return holidays.country_holidays(country, subdiv=region or None, language="en_US")
    except (NotImplementedError, ValueError) as error:
        where = f"{country}-{region}" if region else country
        raise SettingsError(f"The holidays of {where} are not known; choose another country or region.") from error


@cache
def countries() -> dict[str, list[str]]:
    """Country codes with those of their regions, of which public holidays are known."""
    import holidays

    return {code: list(regions) for code, regions in sorted(holidays.list_supported_countries(include_aliases=False).items())}
