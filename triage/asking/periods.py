"""The stretch of time that a question names: "last 7 days", "in October", "this week"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "twelve": 12}
_NUMBER = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)})"
_UNITS = {"day": 1, "week": 7, "month": 30, "year": 365}
USUAL = 30  # days, when a question names no time


@dataclass(frozen=True)
class Period:
    """Whole days, both ends included; `start` and `end` mark the words in the question, and are equal when it names none."""

    first: date | None
    last: date | None
    words: str
    start: int = 0
    end: int = 0

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1 if self.first and self.last else 10_000


def named(question: str, today: date) -> Period:
    """The period that a question (in lower case) names, else the last thirty days."""
    for pattern, read in _READERS:
        if match := re.search(pattern, question):
            found = read(match, today)
            if found is not None:
                first, last, words = found
                return Period(first, last, words, match.start(), match.end())
    return Period(today - timedelta(days=USUAL - 1), today, f"the last {USUAL} days")


_Found = tuple[date | None, date | None, str] | None
_Read = Callable[[re.Match[str], date], _Found]


def _last_of(match: re.Match[str], today: date) -> _Found:
    count = _NUMBERS.get(match[1]) or int(match[1])
    days = min(count * _UNITS[match[2]], 3_660)
    if not days:
        return None
    return today - timedelta(days=days - 1), today, f"the last {count} {match[2]}s"


def _month(match: re.Match[str], today: date) -> _Found:
    number = MONTHS.index(match[1]) + 1
    year = int(match[2]) if match[2] else today.year - (number > today.month)
    first = date(year, number, 1)
    return first, _end_of_month(first), f"{match[1].capitalize()} {year}"


def _since_month(match: re.Match[str], today: date) -> _Found:
    found = _month(match, today)
    return (found[0], today, f"since {found[2]}") if found else None


def _year(match: re.Match[str], _today: date) -> _Found:
    year = int(match[1])
    return date(year, 1, 1), date(year, 12, 31), f"{year}"


def _between(match: re.Match[str], _today: date) -> _Found:
    try:
        first, last = sorted((date.fromisoformat(match[1]), date.fromisoformat(match[2])))
    except ValueError:
        return None
    return first, last, f"{first} to {last}"


def _since(match: re.Match[str], today: date) -> _Found:
    try:
        return date.fromisoformat(match[1]), today, f"since {match[1]}"
    except ValueError:
        return None


def _this(match: re.Match[str], today: date) -> _Found:
    unit = match[1]
    first = {
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[unit]
    return first, today, f"this {unit}"


def _previous(match: re.Match[str], today: date) -> _Found:
    unit = match[1]
    if unit == "week":
        monday = today - timedelta(days=today.weekday() + 7)
        return monday, monday + timedelta(days=6), "last week"
    if unit == "month":
        end = today.replace(day=1) - timedelta(days=1)
        return end.replace(day=1), end, "last month"
    return date(today.year - 1, 1, 1), date(today.year - 1, 12, 31), "last year"


def _end_of_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


_DAY = r"(\d{4}-\d\d-\d\d)"
_READERS: tuple[tuple[str, _Read], ...] = (
    (rf"\b(?:between|from) {_DAY} (?:and|to|until|till) {_DAY}", _between),
    (rf"\bsince {_DAY}", _since),
    (rf"\b(?:in |over |during |for |within )?(?:the )?(?:last|past|previous) {_NUMBER} (day|week|month|year)s?\b", _last_of),
    (rf"\bsince ({'|'.join(MONTHS)})(?: (20\d\d))?\b", _since_month),
    (rf"\b(?:in|during|for|of) ({'|'.join(MONTHS)})(?: (20\d\d))?\b", _month),
    (r"\b(?:in|during|for) (20\d\d)\b", _year),
    (r"\b(?:in |over |during |for )?(?:the )?(?:last|previous|past) (week|month|year)\b", _previous),
    (r"\b(?:so far )?(?:in |over |during |for )?(?:this|the current) (week|month|year)(?: so far)?\b", _this),
    (r"\btoday\b", lambda _, today: (today, today, "today")),
    (r"\byesterday\b", lambda _, today: (today - timedelta(days=1), today - timedelta(days=1), "yesterday")),
    (r"\b(?:ever|of all time|all time|since the beginning|in total|altogether)\b", lambda *_: (None, None, "all time")),
)  # fmt: skip


__all__ = ["MONTHS", "USUAL", "Period", "named"]
