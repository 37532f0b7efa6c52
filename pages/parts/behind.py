"""What is behind a number: its definition, its parts and its tickets, in a dialog whose address can be shared."""

import re
from datetime import date
from typing import Any, Literal

import streamlit as st
from sqlmodel import Session, col, select

from pages.parts import office, screen, words
from pages.parts.board import Asked
from pages.parts.markup import Child, mute, show, tag
from triage import trace_blame
from triage.learning import metrics
from triage.learning.metrics import METRICS, Figure, Metric, Window, reports, timing
from triage.learning.metrics import wording as figures
from triage.models import Ticket
from triage.sla.plan import desk_hours

_SHOWN = 100
_PARAM = "open"


def open_(*what: str) -> None:
    """Open a metric, one reason of it (in one week), its cases from one value to another ("60..120"), or one outcome of a day or a week;
    the address remembers it."""
    st.query_params[_PARAM] = "~".join(what)


def close() -> None:
    st.query_params.pop(_PARAM, None)


def fresh(key: str, picked: dict[str, Any]) -> dict[str, Any]:
    """A mark that was clicked just now; a chart goes on reporting the one clicked long ago."""
    known = f"picked_{key}"
    if st.session_state.get(known) == picked:
        return {}
    st.session_state[known] = picked
    return picked


def dialog(asked: Asked) -> None:
    """Show what the address asks to open, if anything."""
    name, _, rest = st.query_params.get(_PARAM, "").partition("~")
    if name == "outcome":
        outcome, _, day = rest.partition("~")
        if outcome in reports.OUTCOMES:
            day, _, week = day.partition("~")
            when = f"week of {_spoken(day)}" if week else _spoken(day)
            _show(f"{reports.OUTCOMES[outcome].capitalize()}, {when}", lambda: _outcome(asked, outcome, day, bool(week)))
    elif name in METRICS:
        metric = METRICS[name]
        reason, _, week = rest.partition("~")
        between = _between(metric, rest)
        if between:
            _show(f"{metric.title}: {_stretch(metric, between)}", lambda: _values(asked, metric, between))
        elif reason and metric.breakdowns:
            when = f", week of {_spoken(week)}" if week else ""
            _show(f"{metric.title}: {reason}{when}", lambda: _reason(asked, metric, reason, week))
        else:
            _show(metric.title, lambda: _metric(asked, metric))


def _between(metric: Metric, rest: str) -> tuple[float, float] | None:
    """The two values of "60..120" (the second may be left out), where the metric has values."""
    found = re.fullmatch(r"(\d{1,9})\.\.(\d{0,9})", rest)
    return (float(found[1]), float(found[2] or "inf")) if found and metric.columns else None


def _stretch(metric: Metric, between: tuple[float, float]) -> str:
    if metric.name == timing.METRIC:
        return timing.hour_of(between[0]).words
    low, high = between
    if metric.unit == "seconds":
        return figures.stretch(low, None if high == float("inf") else high)
    return (
        f"{figures.value(metric, low)} or more"
        if high == float("inf")
        else f"{figures.value(metric, low)} to {figures.value(metric, high)}"
    )


def _values(asked: Asked, metric: Metric, between: tuple[float, float]) -> None:
    show(tag("div", metric.definition, cls="mx-def"))
    _list(
        *office.read(
            lambda session: _tickets(
                session, *metrics.newest(session, metric, asked.window, asked.filters, between=between, limit=_SHOWN)
            )
        )
    )


def _reason(asked: Asked, metric: Metric, reason: str, week: str) -> None:
    show(tag("div", metric.definition, cls="mx-def"))
    by = next(iter(metric.breakdowns))

    def read(session: Session) -> tuple[list[Ticket], bool]:
        window = _week(session, asked, week)
        return _tickets(session, *metrics.newest(session, metric, window, asked.filters, part=(by, reason), limit=_SHOWN))

    _list(*office.read(read))


def _show(title: str, draw: Any) -> None:
    st.dialog(title, width="large", on_dismiss=close)(draw)()


def _outcome(asked: Asked, outcome: str, day: str, week: bool) -> None:
    def read(session: Session) -> tuple[list[Ticket], bool]:
        window = _week(session, asked, day) if week else _day(session, day) or asked.window
        return _tickets(session, *reports.tickets_of_outcome(session, window, outcome, asked.filters, limit=_SHOWN))

    _list(*office.read(read))


def _metric(asked: Asked, metric: Metric) -> None:
    show(tag("div", metric.definition, cls="mx-def"))
    figure = office.read(lambda session: metrics.Counts(session).compute(metric, asked.window, asked.filters))
    show(_line(asked, metric, figure))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _sides(asked, metric, figure)
    with right:
        _parts(asked, metric)


def _sides(asked: Asked, metric: Metric, figure: Figure) -> None:
    """The tickets of the numerator, or of the denominator."""
    options = {"numerator": f"Counted: {figure.numerator:,}", "denominator": f"Out of: {figure.denominator:,}"}
    chosen = st.segmented_control(
        "Which tickets",
        list(options),
        format_func=lambda key: options[key],
        default="numerator",
        key="behind_side",
        label_visibility="collapsed",
    )
    side: Literal["numerator", "denominator"] = "denominator" if chosen == "denominator" else "numerator"
    _list(
        *office.read(
            lambda session: _tickets(session, *metrics.newest(session, metric, asked.window, asked.filters, side, limit=_SHOWN))
        ),
        narrow=True,
    )


def _line(asked: Asked, metric: Metric, figure: Figure) -> Child:
    span = figures.interval(metric, figure)
    return tag(
        "div",
        tag("b", figures.shown(metric, figure)),
        mute(f"{figure.numerator:,} of {figure.denominator:,} {metric.grain.plural}"),
        mute(f"95% interval {span}") if span and figure.enough else None,
        mute(asked.label),
        cls="mx-line",
    )


def _parts(asked: Asked, metric: Metric) -> None:
    """The metric split by a dimension of the person's choice."""
    options = [*metric.breakdowns, *metric.splits, *reports.DIMENSIONS]
    if asked.filters.person is not None or metric.collective:
        options.remove("person")
    by = st.segmented_control(
        "Split by",
        options,
        format_func=str.capitalize,
        default=options[0],
        key=f"behind_by_{metric.name}",
        label_visibility="collapsed",
        wrap=True,
    )
    if not by:
        return
    found = office.read(lambda session: metrics.Counts(session).slices(metric, asked.window, asked.filters, by=by))
    lines: list[list[Child]] = []
    for part in [p for p in found if p.figure.numerator or by not in metric.breakdowns][:12]:
        f = part.figure
        span = figures.interval(metric, f) if f.enough else ""
        value = figures.shown(metric, f)
        shown = tag("span", value, title=f"95% interval {span}") if f.enough else mute("too few")
        lines.append([_name(by, part.label), shown, f"{f.numerator:,} of {f.denominator:,}"])
    if lines:
        show(screen.report(("", "Value", "Counted"), lines, numbers=(1, 2)))


def _list(found: list[Ticket], more: bool, *, narrow: bool = False) -> None:
    if not found:
        show(mute("No tickets."))
        return
    runs = office.read(lambda session: trace_blame.runs_behind(session, [ticket.id or 0 for ticket in found]))
    rows: list[list[Child]] = []
    for ticket in found:
        about = [
            mute(words.label(ticket.category) if ticket.category else ""),
            mute(words.STATUS.get(ticket.status, str(ticket.status))),
        ]
        subject = tag("span", ticket.subject or "(no subject)")
        run = runs.get(ticket.id or 0)
        step = screen.run_link(run, "step to look at", screen.BLAME) if run else mute("no run")
        rows.append([screen.ticket_link(ticket.id or 0), subject, *([] if narrow else about), step, words.ago(ticket.created_at)])
    heads = ("Ticket", "Subject", "Run", "Came") if narrow else ("Ticket", "Subject", "Category", "Stands", "Run", "Came")
    show(screen.report(heads, rows, numbers=(len(heads) - 1,)))
    if more:
        show(mute(f"The newest {len(found):,} tickets; choose a shorter range or a filter to see others."))


def _tickets(session: Session, ids: list[int], more: bool) -> tuple[list[Ticket], bool]:
    rows = session.exec(select(Ticket).where(col(Ticket.id).in_(ids)))
    by_id = {ticket.id: ticket for ticket in rows}
    return [by_id[ticket] for ticket in ids if ticket in by_id], more


def _name(by: str, label: str) -> str:
    if by == "category":
        return words.label(label)
    return {"language": words.LANGUAGE, "channel": words.CHANNEL}.get(by, {}).get(label, label) or label


def _week(session: Session, asked: Asked, monday: str) -> Window:
    """What of the range lies in the week of this Monday; all of it when there is no such week."""
    weeks = {first.isoformat(): own for first, own in reports.weeks(asked.window, desk_hours(session))}
    return weeks.get(monday, asked.window)


def _day(session: Session, day: str) -> Window | None:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return None
    return Window.of_days(found, found, desk_hours(session))


def _spoken(day: str) -> str:
    try:
        return f"{date.fromisoformat(day):%A %-d %B}"
    except ValueError:
        return "whole range"
