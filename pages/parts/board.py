"""Everything the metrics screen shows, asked once for a range and its filters and kept until a figure may have moved."""

import csv as csv_files
import io
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from sqlmodel import Session

from pages.parts import office, screen, words
from pages.parts.markup import Child, show, tag
from pages.parts.theme import asset
from triage.learning.metrics import METRICS, Baseline, Claim, Counts, Figure, Filters, Window, baselines, claims, reports
from triage.learning.metrics.before import Before
from triage.learning.metrics.reports import Failure, Speed
from triage.learning.metrics.statistics import ordered_quantile
from triage.models import User
from triage.sla.plan import desk_hours

RANGES = {"": "Last 30 days", "7": "Last 7 days", "14": "Last 14 days", "90": "Last 90 days", "365": "Last 12 months"}
DRAFTS = {
    "accepted_as_is": "sent as is",
    "light_edit": "light edit",
    "middle_edit": "middle edit",
    "rewrite": "rewritten",
    "rejection_rate": "rejected",
    "changes_requested": "sent back",
}
_TARGETS = {"sla_first_reply": "first reply", "sla_resolution": "resolution"}
_TIMES = {"first_reply_business": "first reply", "resolution_business": "resolution", "approval_latency": "approval step"}
_SPARKS = (
    "assisted_resolution", "escalation_rate", "first_reply_business", "accepted_as_is", "unsupported_at_send", "volume", "backlog",
    "sla_first_reply", "approval_latency", "cost_per_ticket",
)  # fmt: skip
_EDGES = (
    0,
    60,
    120,
    240,
    480,
    900,
    1800,
    3600,
    7200,
    14400,
    28800,
    57600,
    115200,
    230400,
)  # seconds, each about twice the one before
_POINTS = 10
_MOST_DAYS = 45  # more are drawn by week: weekends would hide how a quarter went, and a year's bars be thinner than a line
T = TypeVar("T")


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    window: Window
    before: Window
    filters: Filters
    label: str
    days: str = ""  # the first and the last day, in words

    @property
    def about(self) -> str:
        """The range and the filters in words; persons are not named in files."""
        chosen = [str(value) for name, value in vars(self.filters).items() if value is not None and name != "person"]
        return ", ".join(filter(None, [self.label, self.days, *chosen]))

    @property
    def earlier(self) -> str:
        """The period before in words, as its lines are named in charts."""
        days = round((self.window.end - self.window.start) / timedelta(days=1))  # one of them may be an hour longer
        return f"{days} days before"


@dataclass(frozen=True)
class Board:
    asked: Asked
    figures: dict[str, Figure]
    before: dict[str, Figure]
    points: dict[str, list[float | None]]
    points_before: dict[str, list[float | None]]
    spanned: list[date]
    outcomes: list[dict[str, Any]]
    reasons: list[tuple[str, int]]
    times: list[dict[str, Any]]
    marks: list[dict[str, Any]]
    drafts: list[dict[str, Any]]
    targets: list[dict[str, Any]]
    speeds: list[Speed] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    replies: list[Baseline] = field(default_factory=list)
    resolutions: list[Baseline] = field(default_factory=list)
    whole_before: bool = True  # whether the desk was there during all of the period before

    @property
    def unit(self) -> tuple[str, list[str]]:
        """What outcomes are drawn by, day or week, and all days or Mondays of the range in order."""
        if len(self.spanned) <= _MOST_DAYS:
            return "day", [day.isoformat() for day in self.spanned]
        return "week", sorted({_monday(day).isoformat() for day in self.spanned})


@cache
def style() -> str:
    return asset("metrics.css")


def asked(user: User, everybody: bool) -> Asked:
    """Draw the filters; what they say. Somebody who may only see their own figures gets those, whatever the address says."""
    days = st.query_params.get("days", "")
    hours = office.read(desk_hours)
    window = Window.last(int(days) if days in RANGES and days else 30, hours)
    offered = _offered(office.desk().settings.database, office.read(reports.pulse), window)
    with st.container(key="mx_filters", horizontal=True):
        label = RANGES[screen.choice("Range", "days", RANGES)]
        category = screen.choice(
            "Category", "category", {"": "All categories"} | {k: words.label(k) for k, _ in offered["category"]}
        )
        language = screen.choice(
            "Language", "language", {"": "All languages"} | {k: words.LANGUAGE.get(k, k) or k for k, _ in offered["language"]}
        )
        channel = screen.choice(
            "Channel", "channel", {"": "All channels"} | {k: words.CHANNEL.get(k, k) for k, _ in offered["channel"]}
        )
        person: str | int | None = user.id
        if everybody:
            person = screen.choice("Person", "person", {"": "All people"} | {str(k): name for k, name in offered["person"]})
        _compared(len(hours.days_between(window.start, window.end)), office.read(reports.began) < window.start)
    chosen = Filters(category or None, language or None, channel or None, int(person) if person else None)
    spanned = hours.days_between(window.start, window.end)
    return Asked(window, window.previous(hours), chosen, label, f"{spanned[0]:%-d %b %Y} to {spanned[-1]:%-d %b %Y}")


def _compared(days: int, known: bool) -> None:
    """What dashed lines are; that there are none where the desk was not there in the days before."""
    if known:
        pill: list[Child] = [tag("i", aria_hidden="true"), f"Compare: previous {days} days"]
        title = "Dashed lines are the same number of days before, day by day"
    else:
        pill, title = [f"Nothing to compare: no tickets in the previous {days} days"], "Dashed lines appear once there is a past"
    show(tag("span", *pill, cls="mx-pill", title=title))


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _offered(database: str, pulse: tuple[str, int], window: Window) -> dict[str, list[tuple[Any, str]]]:
    """What the filters can be set to."""
    return office.read(lambda session: reports.choices(session, window))


def load(asked: Asked) -> Board:
    """The figures, from the cache while nothing has moved."""
    pulse = office.read(reports.pulse)
    return _load(office.desk().settings.database, pulse, repr(asked), asked)


def kept(asked: Asked, what: str, read: Callable[[Counts], T]) -> T:
    """One more thing to read for a range and its filters, known by `what`, kept like the figures."""
    found: T = _kept(office.desk().settings.database, office.read(reports.pulse), repr(asked), what, read)
    return found


@st.cache_data(ttl=60, max_entries=64, show_spinner="Counting…")
def _kept(database: str, pulse: tuple[str, int], key: str, what: str, _read: Callable[[Counts], Any]) -> Any:
    return office.read(lambda session: _read(Counts(session)))


@st.cache_data(ttl=60, max_entries=64, show_spinner="Counting…")
def _load(database: str, pulse: tuple[str, int], key: str, _asked: Asked) -> Board:
    return office.read(lambda session: _read(session, _asked))


def _read(session: Session, asked: Asked) -> Board:
    window, filters = asked.window, asked.filters
    counts = Counts(session)
    before = Before(counts, window, filters)
    drawn = dict.fromkeys((*_SPARKS, *DRAFTS, *_TARGETS))
    days = {name: counts.series(name, window, filters) for name in drawn}
    earlier = {name: before.series(name) for name in drawn}
    resolutions = baselines(counts, window, filters)
    return Board(
        asked=asked,
        figures={name: counts.compute(name, window, filters) for name in METRICS},
        before={name: counts.compute(name, asked.before, filters) for name in METRICS},
        points={name: _points(name, days[name], days[name]) for name in _SPARKS},
        points_before={name: _points(name, days[name], earlier[name]) for name in _SPARKS},
        spanned=[day for day, _ in days["volume"]],
        outcomes=_by_week(before) if len(days["volume"]) > _MOST_DAYS else before.outcomes(),
        reasons=[
            (part.label, part.figure.numerator)
            for part in counts.slices("escalation_rate", window, filters, by="reason")
            if part.figure.numerator
        ],
        times=_times(counts, window, filters),
        marks=_marks(counts, window, filters),
        drafts=_drafts(days, earlier),
        targets=_targets(days, earlier),
        speeds=reports.speeds(counts, window, filters),
        failures=reports.failures(counts, window, filters),
        claims=claims(counts, window, filters, resolution=resolutions[0]),
        replies=baselines(counts, window, filters, of="first_reply"),
        resolutions=resolutions,
        whole_before=reports.began(session) <= asked.before.start,
    )


Days = Mapping[str, Sequence[tuple[date, Figure]]]
"""Metrics by day."""


def _by_week(before: Before) -> list[dict[str, Any]]:
    """Rows of Before.outcomes summed by week: rows of week, outcome, tickets, before_tickets; None for weeks known in part."""
    whole = {monday.isoformat() for monday in before.whole}
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in before.outcomes():
        week = _monday(row["day"]).isoformat()
        own = found.setdefault(
            (week, row["outcome"]), {"week": week, "outcome": row["outcome"], "tickets": 0, "before_tickets": None}
        )
        own["tickets"] += row["tickets"]
        if week in whole and row["before_tickets"] is not None:
            own["before_tickets"] = (own["before_tickets"] or 0) + row["before_tickets"]
    return [own for _, own in sorted(found.items()) if own["tickets"] or own["before_tickets"] is not None]


def _drafts(days: Days, earlier: Days) -> list[dict[str, Any]]:
    """What became of drafts by week, and as many days before: rows of week, what, count, before_count."""
    rows = []
    for name, label in DRAFTS.items():
        now, then = _weeks(days[name]), _weeks(earlier[name])
        rows += [
            {"week": week, "what": label, "count": hits, "before_count": then[week][0] if week in then else None}
            for week, (hits, _) in now.items() if hits or then.get(week, (0, 0))[0]
        ]  # fmt: skip
    return rows


def _targets(days: Days, earlier: Days) -> list[dict[str, Any]]:
    """Shares inside target by week, and as many days before: rows of week, what, share, basis, before_share, before_basis."""
    rows = []
    for name, label in _TARGETS.items():
        then = _weeks(earlier[name])
        for week, (hits, cases) in _weeks(days[name]).items():
            before_hits, before_cases = then.get(week, (0, 0))
            if cases or before_cases:
                rows.append(
                    {
                        "week": week, "what": label, "share": hits / cases if cases else None, "basis": f"{hits:,} of {cases:,}",
                        "before_share": before_hits / before_cases if before_cases else None,
                        "before_basis": f"{before_hits:,} of {before_cases:,}" if before_cases else "",
                    }
                )  # fmt: skip
    return rows


def _times(counts: Counts, window: Window, filters: Filters) -> list[dict[str, Any]]:
    """How replies, resolutions and approvals are spread over stretches of time in seconds; the last stretch has no end."""
    rows = []
    for name, kind in _TIMES.items():
        values = counts.values(name, window, filters)
        places = np.searchsorted(_EDGES, values, side="right") - 1
        binned = np.bincount(places, minlength=len(_EDGES)).tolist() if len(values) else []
        rows += [
            {"time": kind, "metric": name, "from": low, "to": high, "cases": count, "share": count / len(values)}
            for low, high, count in zip(_EDGES, (*_EDGES[1:], None), binned, strict=False)
        ]
    return rows


def _marks(counts: Counts, window: Window, filters: Filters) -> list[dict[str, Any]]:
    """Median and p90 of each of these times, in seconds."""
    found = {kind: counts.values(name, window, filters) for name, kind in _TIMES.items()}
    return [
        {"time": kind, "median": ordered_quantile(values, 0.5), "p90": ordered_quantile(values, 0.9)}
        for kind, values in found.items() if len(values)
    ]  # fmt: skip


def _weeks(days: Sequence[tuple[date, Figure]]) -> dict[str, tuple[int, int]]:
    """Days summed by week: the Monday with numerator and denominator, the earliest first."""
    sums: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for day, figure in days:
        total = sums[_monday(day)]
        total[0] += figure.numerator
        total[1] += figure.denominator
    return {week.isoformat(): (hits, cases) for week, (hits, cases) in sorted(sums.items())}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _points(name: str, days: Sequence[tuple[date, Figure]], told: Sequence[tuple[date, Figure]]) -> list[float | None]:
    """A sparkline of what is told of these days, in about ten stretches: means of the days, each weighed by its cases."""
    counts = METRICS[name].stock or METRICS[name].statistic == "count"
    known, size = dict(told), max(1, -(-len(days) // _POINTS))
    found: list[float | None] = []
    for start in range(len(days) % size, len(days), size):
        stretch = [known[day] for day, _ in days[start : start + size] if day in known]
        weighed = [(figure.value, 1 if counts else figure.denominator) for figure in stretch if figure.value is not None]
        weight = sum(cases for _, cases in weighed)
        found.append(sum(value * cases for value, cases in weighed) / weight if weight else None)
    return found


def csv(found: Board, user: User) -> str:
    """Every figure as a line; the raw numbers, with the range and the filters they belong to."""
    out = io.StringIO()
    writer = csv_files.writer(out)
    columns = (
        "metric",
        "title",
        "value",
        "unit",
        "numerator",
        "denominator",
        "low",
        "high",
        "enough",
        "previous",
        "from",
        "to",
        "filters",
        "definition",
    )
    writer.writerow(columns)
    window = found.asked.window
    chosen = "; ".join(f"{name}={value}" for name, value in vars(found.asked.filters).items() if value is not None)
    for name, metric in METRICS.items():
        f = found.figures[name]
        writer.writerow(
            (name, metric.title, _raw(f.value), metric.unit, f.numerator, f.denominator, _raw(f.low), _raw(f.high), "yes" if f.enough else "no",
             _raw(found.before[name].value), window.start.isoformat(), window.end.isoformat(), chosen, metric.definition)
        )  # fmt: skip
    return out.getvalue()


def file_name(found: Board) -> str:
    window = found.asked.window
    return f"metrics-{window.start:%Y-%m-%d}-{window.end:%Y-%m-%d}.csv"


def _raw(number: float | None) -> str:
    return "" if number is None else f"{number:.6g}"
