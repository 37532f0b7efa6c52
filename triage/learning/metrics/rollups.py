"""Days counted beforehand: kept until something of them moves, counted anew by the clock, and read instead of the tables.

A day is fresh when it was counted by the definitions and business hours of now and nothing of it is in the log of
changes. Today, and days that are not fresh, are read from the tables, so figures are the same with and without.

What was read once stays in memory: a counted day by the mark of what is in it, so that a day which another process
counted anew is another one; what came from the tables until something moves (`pulse`).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlmodel import Session, col

from triage.database import Database
from triage.learning.metrics import facts
from triage.learning.metrics.facts import Records, Table, Words
from triage.learning.metrics.kept import MEMORY, Packed, database_of, mark_of, packed
from triage.learning.metrics.shape import Shape, shapes
from triage.learning.metrics.window import Window
from triage.models import BreakerOpening, Episode, MetricChange, MetricDay, MetricWord, Ticket, now
from triage.sla.hours import BusinessHours
from triage.sla.plan import desk_hours

_AT_ONCE = 28  # days that are counted in one go
_PARAMETERS = 10_000
_WEEK = timedelta(days=7)
_COUNTING = "counting"  # the kind of the one row that says when changes were taken out of the log, by a random word


def refresh(database: Database) -> str:
    """Count every day before today that is not fresh, the newest first; each month of days is kept as it is done."""
    with database.read() as session:
        seen = list(session.execute(select(col(MetricChange.id))).scalars())
        hours = desk_hours(session)
        wanted = _wanted(session, hours)
    for days in _batches(wanted):
        count(database, days, hours)
    database.run_now(lambda session: _forget(session, seen))
    return f"{len(wanted)} days counted"


def count(database: Database, days: Sequence[date], hours: BusinessHours) -> None:
    """Count days that follow each other, of every kind, and keep them."""
    window = Window.of_days(days[0], days[-1], hours)
    with database.read() as session:
        words = Words(session)
        found = {shape: facts.read(session, shape, window, hours, words) for shape in shapes().values()}
    if words.new:  # records name words by the numbers under which they are stored
        database.run_now(lambda session: _keep_words(session, words.new))
        count(database, days, hours)
        return
    rows = [_row(shape, day, by_day, hours) for shape, by_day in found.items() for day in days]

    def keep(session: Session) -> None:
        which = [col(MetricDay.day) >= days[0].isoformat(), col(MetricDay.day) <= days[-1].isoformat()]
        session.execute(delete(MetricDay).where(*which))
        session.execute(insert(MetricDay), rows)

    database.run_now(keep)


def _row(shape: Shape, day: date, by_day: dict[date, Records], hours: BusinessHours) -> dict[str, Any]:
    data = packed(by_day[day]) if day in by_day else b""
    told = {"kind": shape.name, "day": day.isoformat(), "basis": basis(shape, hours)}
    return {**told, "mark": mark_of(data), "counted_at": now(), "records": data}


class Days:
    """What there is to read figures from at one moment: days counted before, where they are fresh, and else the tables."""

    def __init__(self, session: Session, *, kept: bool = True) -> None:
        self.session, self.hours, self.words = session, desk_hours(session), Words(session)
        self.today = self.hours.day_of(now())
        self.end = self.hours.midnight(self.today + timedelta(days=1))
        self._kept = kept
        self._pulse = (database_of(session), *pulse(session)) if kept else ()
        self._moved = stale(session, self.hours) | {self.today} if kept else set()

    def load(self, shape: Shape, window: Window) -> list[tuple[date, Table]]:
        """The records of each day of a window of whole days, the earliest first; days to come have none."""
        end = min(window.end, self.end)
        days = self.hours.days_between(window.start, end) if window.start < end else []
        counted = self._fresh(shape, days) if days and self._kept else {}
        found: dict[date, Table] = {day: records for day, records in counted.items() if records is not None}
        for first, last in _runs(day for day in days if day not in counted):
            found |= self._live(shape, first, last)
        return sorted(found.items())

    def _live(self, shape: Shape, first: date, last: date) -> dict[date, Records]:
        """Days as the tables have them now."""
        key = (self._pulse, basis(shape, self.hours), first, last)
        found: dict[date, Records] | None = MEMORY.get(key) if self._kept else None
        if found is None:
            found = facts.read(self.session, shape, Window.of_days(first, last, self.hours), self.hours, self.words)
            if self._kept and not self.words.new:  # numbers of new words mean something to this reader alone
                MEMORY.put(key, found, sum(records.nbytes for records in found.values()))
        return found

    def _fresh(self, shape: Shape, days: Sequence[date]) -> dict[date, Packed | None]:
        """The fresh ones of these days, each with its records, or None where there is nothing of this kind."""
        told = basis(shape, self.hours)
        which = (col(MetricDay.kind) == shape.name, col(MetricDay.basis) == told)
        among = col(MetricDay.day).between(days[0].isoformat(), days[-1].isoformat())
        rows = self.session.execute(select(col(MetricDay.day), col(MetricDay.mark)).where(*which, among))
        marks = {day: mark for day, mark in rows if date.fromisoformat(day) not in self._moved}
        found = {day: MEMORY.get((told, mark)) for day, mark in marks.items() if mark}
        missing = [day for day, records in found.items() if records is None]
        for start in range(0, len(missing), _PARAMETERS):
            of_days = col(MetricDay.day).in_(missing[start : start + _PARAMETERS])
            stored = select(col(MetricDay.day), col(MetricDay.mark), col(MetricDay.records)).where(*which, of_days)
            for day, mark, data in self.session.execute(stored):
                found[day] = Packed(shape.dtype, data)
                MEMORY.put((told, mark), found[day], len(data))
        return {date.fromisoformat(day): found.get(day) for day in marks}


def pulse(session: Session) -> tuple[str, int]:
    """Changes whenever something has moved of which figures are made: the last counting, and how much moved since."""
    last = select(col(MetricDay.basis)).where(col(MetricDay.kind) == _COUNTING).scalar_subquery()
    counting, moved = session.execute(select(last, select(func.count()).select_from(MetricChange).scalar_subquery())).one()
    return counting or "", moved


def began(session: Session) -> datetime:
    """When the desk's first episode started; now, when there is none."""
    first: datetime | None = session.execute(select(func.min(col(Episode.started_at)))).scalar()
    return first or now()


def basis(shape: Shape, hours: BusinessHours) -> str:
    """What a day of this shape is counted by: the definitions, and the business hours of the desk."""
    days_off = (sorted(hours.closed), sorted(hours.worked))
    told = (shape.basis, hours.zone.key, hours.week, hours.country, hours.region, days_off)
    return sha256(repr(told).encode()).hexdigest()[:16]


def stale(session: Session, hours: BusinessHours) -> set[date]:
    """Days of which something has moved since they were counted: those of the log's moments, of all episodes of its
    tickets, and of the episodes to which its customers may have come back."""
    noted = [col(MetricChange.moment), col(Episode.started_at)]
    tickets = select(col(MetricChange.ticket_id)).where(col(MetricChange.ticket_id).is_not(None))
    customers = select(col(MetricChange.customer_id)).where(col(MetricChange.customer_id).is_not(None))
    moments = [
        *session.execute(select(noted[0]).where(noted[0].is_not(None)).distinct()).scalars(),
        *session.execute(select(noted[1]).where(col(Episode.ticket_id).in_(tickets)).distinct()).scalars(),
    ]
    if moments:
        before = (
            select(noted[1])
            .join(Ticket, col(Ticket.id) == col(Episode.ticket_id))
            .where(col(Ticket.customer_id).in_(customers), col(Episode.resolved_at) >= min(moments) - _WEEK)
        )
        moments += session.execute(before.distinct()).scalars()
    return {hours.day_of(moment) for moment in moments if moment is not None}


def _wanted(session: Session, hours: BusinessHours) -> list[date]:
    """Days before today that are not fresh, the earliest first."""
    firsts = [session.execute(select(func.min(at))).scalar() for at in (col(Episode.started_at), col(BreakerOpening.opened_at))]
    known = [first for first in firsts if first is not None]
    if not known:
        return []
    today = hours.midnight(hours.day_of(now()))
    days = hours.days_between(min(known), today) if min(known) < today else []
    moved = stale(session, hours)
    for shape in shapes().values():
        counted = select(col(MetricDay.day)).where(col(MetricDay.kind) == shape.name, col(MetricDay.basis) == basis(shape, hours))
        kept = set(session.execute(counted).scalars())
        moved |= {day for day in days if day.isoformat() not in kept}
    return [day for day in days if day in moved]


def _batches(days: Iterable[date]) -> Iterator[list[date]]:
    """Days that follow each other, a few at a time, the newest first."""
    for first, last in reversed(list(_runs(days))):
        run = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        for start in reversed(range(0, len(run), _AT_ONCE)):
            yield run[start : start + _AT_ONCE]


def _runs(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """First and last of each run of days that follow each other; `days` come in order."""
    first = last = None
    for day in days:
        if first is None or last is None or day != last + timedelta(days=1):
            if first is not None and last is not None:
                yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last


def _keep_words(session: Session, words: Iterable[str]) -> None:
    """Store words; another process may have stored them already."""
    stored = set(session.execute(select(col(MetricWord.word))).scalars())
    if new := [{"word": word} for word in sorted(set(words) - stored)]:
        session.execute(insert(MetricWord), new)


def _forget(session: Session, seen: Sequence[int]) -> None:
    """Take the changes that are counted out of the log, and note that they were; others may have come meanwhile."""
    if not seen:
        return
    for start in range(0, len(seen), _PARAMETERS):
        session.execute(delete(MetricChange).where(col(MetricChange.id).in_(seen[start : start + _PARAMETERS])))
    session.merge(MetricDay(kind=_COUNTING, day="", basis=token_hex(8)))
