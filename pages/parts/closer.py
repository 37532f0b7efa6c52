"""A closer look, one at a time: when customers write, reasons by week, what agents and models cost, how sure the desk is."""

from collections.abc import Callable

import streamlit as st

from pages.parts import behind, charts_closer, screen
from pages.parts.board import Asked, kept
from pages.parts.chart_files import Taken
from pages.parts.graph import graph
from pages.parts.machine import machine
from pages.parts.markup import mute, show, tag
from triage.learning import reliability
from triage.learning.metrics import METRICS, Counts, reports, timing
from triage.learning.metrics import wording as figures
from triage.learning.metrics.before import Before

_REASONS = {"escalation_rate": "Escalated, by reason", "rejection_rate": "Drafts rejected, by reason"}


@st.fragment
def closer(asked: Asked) -> None:
    """Only the view that is chosen is counted and drawn; the choice is in the address."""
    with st.container(key="box_closer"):
        show(tag("div", tag("b", "A closer look"), mute(asked.about), cls="mx-h"))
        chosen = screen.chips("A closer look", "closer", {key: label for key, (label, _) in _VIEWS.items()})
        _VIEWS[chosen][1](asked)


def _open(*what: str) -> None:
    """The dialog is drawn by the page, not by this part of it."""
    behind.open_(*what)
    st.rerun()


def _load(asked: Asked) -> None:
    week = kept(asked, "week", lambda counts: timing.week(counts, asked.window, asked.filters))
    busiest = max(week, key=lambda hour: hour.mean)
    if not busiest.messages:
        show(mute("No messages in this range."))
        return
    total = sum(hour.messages for hour in week)
    show(mute(f"{total:,} messages received · busiest on {busiest.words}: {busiest.mean:.1f} · numbers are messages an hour · a cell opens its tickets"))  # fmt: skip
    rows = [
        {"weekday": timing.WEEKDAYS[h.weekday], "hour": f"{h.hour:02}:00", "messages": h.messages, "times": h.times, "an_hour": round(h.mean, 2)}
        for h in week
    ]  # fmt: skip
    taken = Taken(charts_closer.heat(rows, timing.WEEKDAYS), rows, "Messages received, by hour of the week", asked.about, 230)
    if mark := graph(
        taken, name="load", alt_text=f"Heat map of messages by hour of the week; busiest: {busiest.words}", selects=True
    ):
        low, high = next(h.between for h, row in zip(week, rows, strict=True) if row["weekday"] == mark["weekday"] and row["hour"] == mark["hour"])  # fmt: skip
        _open(timing.METRIC, f"{low:.0f}..{high:.0f}")


def _reasons(asked: Asked) -> None:
    with st.container(key="mx_two_even_closer"):
        for name, title in _REASONS.items():
            with st.container(key=f"half_{name}"):
                _reasons_of(asked, name, title)


def _reasons_of(asked: Asked, name: str, title: str) -> None:
    metric = METRICS[name]
    rows = kept(asked, name, lambda counts: _weekly(counts, asked, name))
    show(tag("div", tag("b", title), mute(f"of {metric.grain.plural}, by week"), cls="mx-h", title=metric.definition))
    if not rows:
        show(mute("None in this range."))
        return
    taken = Taken(charts_closer.reasons_by_week(rows, asked.earlier), rows, title, asked.about, 256)
    if mark := graph(taken, name=f"weeks_{name}", alt_text=f"Stacked bars: {title.lower()}, by week", selects=True):
        _open(name, str(mark["reason"]), str(mark["week"])[:10])


def _weekly(counts: Counts, asked: Asked, name: str) -> list[dict[str, object]]:
    """Cases of each reason by week beside those of the period before: rows of week, reason, cases, of, share, before_cases."""
    found = {
        (monday, part.label): part.figure
        for monday, part in reports.weekly(counts, name, asked.window, asked.filters, by="reason")
    }
    before = Before(counts, asked.window, asked.filters).weekly(name, by="reason")
    weeks = {monday for monday, _ in before}
    return [
        {
            "week": monday.isoformat(), "reason": reason, "cases": figure.numerator if figure else 0, "of": figure.denominator if figure else None,
            "share": figure.value if figure else None, "before_cases": before.get((monday, reason), 0) if monday in weeks else None,
        }
        for monday, reason in sorted(found.keys() | before.keys()) for figure in [found.get((monday, reason))]
    ]  # fmt: skip


def _sure(asked: Asked) -> None:
    bands = kept(asked, "bands", lambda counts: reliability.bands(counts, asked.window, asked.filters))
    rows = [
        {
            "sure": f"{band.low:.0%} to {band.high:.0%}", "middle_share": (band.low + band.high) / 2, "kept_share": band.figure.value,
            "low": band.figure.low, "high": band.figure.high, "kept": band.figure.numerator, "decided": band.figure.denominator,
            "verdict": band.verdict or figures.NOT_ENOUGH, "metric": band.metric,
        }
        for band in bands if band.figure.value is not None
    ]  # fmt: skip
    show(mute("Drafts that people sent with at most a light edit, by how sure the desk was; on the line it is as sure as it is right · a dot opens its drafts"))  # fmt: skip
    if not rows:
        show(mute("No drafts decided in this range."))
        return
    plain = [{name: value for name, value in row.items() if name not in ("middle_share", "metric")} for row in rows]
    taken = Taken(charts_closer.reliability(rows), plain, "Confidence, and drafts kept", asked.about, 260)
    if mark := graph(taken, name="sure", alt_text="Share of drafts kept in each band of confidence, with 95% intervals, beside the line of perfect confidence", selects=True):  # fmt: skip
        _open(next(str(row["metric"]) for row in rows if row["sure"] == mark["sure"]))


def _machine(asked: Asked) -> None:
    if opened := machine(asked):
        _open(*opened)


_VIEWS: dict[str, tuple[str, Callable[[Asked], None]]] = {
    "": ("Load by hour", _load),
    "reasons": ("Reasons by week", _reasons),
    "machine": ("Agents, tools and models", _machine),
    "sure": ("Confidence", _sure),
}
