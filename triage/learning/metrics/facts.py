"""Cases read from the tables as records: what rollups keep, and what stands in for days that they do not have."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlmodel import Session, col

from triage.learning.metrics.shape import DIMENSIONS, Shape
from triage.learning.metrics.window import Window
from triage.models import MetricWord
from triage.sla.hours import BusinessHours

Records = NDArray[np.void]


class Table(Protocol):
    """Records, or their columns."""

    def __len__(self) -> int: ...

    def __getitem__(self, field: str, /) -> Any: ...


NEVER = 0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Words:
    """Words and their numbers; 0 is no word. Words that are not stored get numbers below 0 and are `new`."""

    def __init__(self, session: Session) -> None:
        self._numbers: dict[str, int] = {
            word: number for number, word in session.execute(select(col(MetricWord.id), col(MetricWord.word)))
        }
        self._words = {number: word for word, number in self._numbers.items()}
        self.new: list[str] = []

    def number(self, word: str | None) -> int:
        """The number of a word, which is made up for one that is new."""
        if not word:
            return 0
        if word not in self._numbers:
            self.new.append(word)
            self._numbers[word] = -len(self.new)
            self._words[-len(self.new)] = word
        return self._numbers[word]

    def word(self, number: int) -> str | None:
        """The word of a number; None for 0."""
        return self._words.get(number)


def micros(moment: datetime | None) -> int:
    """Microseconds since 1970; NEVER for none."""
    return NEVER if moment is None else (moment - _EPOCH) // _MICROSECOND


def read(session: Session, shape: Shape, window: Window, hours: BusinessHours, words: Words) -> dict[date, Records]:
    """The records of each day of a window of whole days; days without cases are left out."""
    rows = session.connection().execute(shape.statement, {"start": window.start, "end": window.end}).all()
    if not rows:
        return {}
    days = hours.days_between(window.start, window.end)
    begins = np.array([micros(hours.midnight(day)) for day in days], dtype=np.int64)
    columns = list(zip(*rows, strict=True))
    started = np.array([micros(moment) for moment in columns[0]], dtype=np.int64)
    places = np.searchsorted(begins, started, side="right") - 1  # of their days
    records = _records(shape, columns[1:], hours, words)
    if shape.stock:
        records["moment0"] = _days_of(records["moment0"], hours)
        standing = (records["moment0"] == NEVER) | (records["moment0"] > begins[places])
        records, places = records[standing], places[standing]
    return {days[place]: merged(records[places == place]) for place in np.unique(places)}


def merged(records: Records) -> Records:
    """Equal records counted together, in an order that depends on nothing else."""
    plain = np.ascontiguousarray(records)
    plain["times"], times = 0, plain["times"].copy()
    seen, back = np.unique(plain.view(np.dtype((np.void, plain.dtype.itemsize))), return_inverse=True)
    found = seen.view(plain.dtype)
    found["times"] = np.bincount(back.ravel(), weights=times, minlength=len(found)).astype("u4")
    return found


def _records(shape: Shape, columns: Sequence[Sequence[Any]], hours: BusinessHours, words: Words) -> Records:
    records = np.zeros(len(columns[0]), dtype=shape.dtype)
    records["times"] = 1
    left = iter(columns)
    for name in DIMENSIONS:
        column = next(left)
        records[name] = [value or 0 for value in column] if name == "person" else _numbered(column, words, str)
    for n, (_, label) in enumerate(shape.labels):
        records[f"label{n}"] = _numbered(next(left), words, label)
    inputs = [[next(left) for _ in columns] for columns, _ in shape.values]
    for n in range(len(shape.moments)):
        records[f"moment{n}"] = [micros(moment) for moment in next(left)]
    for n in range(len(shape.flags)):
        records[f"flag{n}"] = next(left)
    for n, (_, measure) in enumerate(shape.values):
        wanted = np.flatnonzero(_wanted(shape, records, f"value{n}"))
        rows = list(zip(*inputs[n], strict=True))
        records[f"value{n}"][wanted] = [float(measure(rows[place], hours)) for place in wanted]
    return records


def _wanted(shape: Shape, records: Records, field: str) -> NDArray[np.bool_]:
    """The cases of which some metric looks at this value; others have none."""
    found = np.zeros(len(records), dtype=bool)
    for metric in shape.metrics:
        recipe = shape.recipes[metric.name]
        if recipe.value == field:
            found |= meets(records, recipe.where if metric.statistic == "per_case" else (*recipe.where, *recipe.hit))
    return found


def meets(records: Table, flags: Iterable[str]) -> NDArray[np.bool_]:
    """Which records meet all of these conditions."""
    found = np.ones(len(records), dtype=bool)
    for flag in flags:
        found &= records[flag].view(np.bool_)
    return found


def _numbered(column: Sequence[Any], words: Words, label: Any) -> list[int]:
    known: dict[Any, int] = {}
    for value in column:
        if value not in known:
            known[value] = words.number(label(str(value)) if value else None)
    return [known[value] for value in column]


def _days_of(moments: NDArray[np.int64], hours: BusinessHours) -> list[int]:
    """The beginning of the day that each moment falls on; a midnight still belongs to the day before."""

    @cache
    def begins(day: date) -> int:
        return micros(hours.midnight(day))

    return [m if m == NEVER else begins(hours.day_of(_EPOCH + (m - 1) * _MICROSECOND)) for m in moments.tolist()]
