"""Metrics: what the desk achieved, how sure that is, and the tickets behind every number."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial

import streamlit as st

from pages.parts import ask, behind, board, charts, machine, screen
from pages.parts.beside import beside
from pages.parts.board import Board
from pages.parts.chart_files import Taken
from pages.parts.closer import closer
from pages.parts.download import download
from pages.parts.graph import graph
from pages.parts.markup import join, mute, show, tag
from pages.parts.own_outcomes import own_outcomes
from pages.parts.table import Cell, Column, Line, table
from pages.parts.team_signals import team_signals
from pages.parts.tiles import Tile, tiles
from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning.metrics import METRICS
from triage.learning.metrics import wording as figures
from triage.learning.metrics.catalogue import GROUPS
from triage.learning.metrics.reports import OUTCOMES, Failure, Speed
from triage.models import User

_TILES = (
    ("assisted_resolution", "acc"), ("escalation_rate", "warn"), ("first_reply_business", "acc"), ("accepted_as_is", "acc"), ("unsupported_at_send", "bad"),
    ("volume", "acc"), ("backlog", "warn"), ("sla_first_reply", "acc"), ("approval_latency", "acc"), ("cost_per_ticket", "acc"),
)  # fmt: skip


def main() -> None:
    with screen.page("Metrics", Permission.SEE_OWN_FIGURES) as user:
        st.html(f"<style>{board.style()}</style>")
        everybody = access.may(user, Permission.SEE_FIGURES)
        asked = board.asked(user, everybody)
        if not everybody:
            show(mute("Your own figures: the tickets you decided last, and your decisions. Only managers see those of others."))
        found = board.load(asked)
        _tiles(found)
        _charts(found)
        closer(asked)
        _all(found, user)
        ask.ask(user)
        own_outcomes(user)
        team_signals(user)
        behind.dialog(asked)


def _tiles(found: Board) -> None:
    opened = tiles([_tile(found, name, line) for name, line in _TILES], key="tiles")
    if opened in METRICS:
        behind.open_(opened)


def _tile(found: Board, name: str, line: str) -> Tile:
    metric, figure = METRICS[name], found.figures[name]
    change = figures.change(metric, figure, found.before[name], whole=found.whole_before)
    note = _note(found, name) if figure.enough else figures.basis(metric, figure)
    span = figures.interval(metric, figure)
    title = [
        metric.definition,
        f"{figures.basis(metric, figure)} {metric.grain.plural}" if metric.name not in ("volume", "backlog") else "",
    ]
    title += ["Dashed: the period before." if any(point is not None for point in found.points_before[name]) else ""]
    title += [
        f"95% interval {span}." if span else "",
        f"{change.text}: {change.title}." if change else "",
        "Click to see its tickets.",
    ]
    return Tile(
        id=name, name=metric.title, value=figures.shown(metric, figure), change=change.text if change else "", tone=change.tone if change else "",
        note=note, title="\n".join(part for part in title if part), points=found.points[name], before=found.points_before[name], line=line,
        faint=not figure.enough,
    )  # fmt: skip


def _note(found: Board, name: str) -> str:
    """The quiet line under a tile's number: what it stands on and how sure it is."""
    metric, figure = METRICS[name], found.figures[name]
    if name == "first_reply_business":
        people = found.figures["first_reply_people"]
        return f"people alone: {figures.value(METRICS['first_reply_people'], people.value) if people.enough else 'too few'}"
    if name == "cost_per_ticket" and not figure.value:
        return "offline engine, no model service"
    margin = figures.margin(metric, figure)
    if metric.statistic == "median":
        return f"{figure.numerator:,} {metric.grain.plural} · {margin}"
    return " · ".join(part for part in (figures.basis(metric, figure), margin) if part)


def _charts(found: Board) -> None:
    with st.container(key="mx_two"):
        _outcomes(found)
        with _box("reasons", "Why tickets escalate", _share_of(found)):
            rows = [{"reason": reason, "tickets": count} for reason, count in found.reasons]
            taken = _taken(found, "Why tickets escalate", rows and charts.ranked(found.reasons, "warn"), rows, 250)
            if mark := _graph(taken, "reasons", "Bars: escalations by reason", "Nothing was escalated.", selects=True):
                behind.open_("escalation_rate", str(mark["reason"]))
    with _box("alone", "Beside people alone", "the same mix of matters, in business hours; a row opens its tickets"):
        beside(found.claims, found.replies, found.resolutions, found.asked.about)
    with st.container(key="mx_three"):
        with _box("times", "How long it takes", "reply and resolution in business hours; a bar opens its tickets"):
            chart = found.marks and charts.spread(found.times, found.marks)
            taken = _taken(found, "How long it takes", chart, found.times, 236)
            if mark := _graph(
                taken, "times", "Distribution of first reply, resolution and approval step, with median and p90", selects=True
            ):
                behind.open_(str(mark["metric"]), f"{mark['from']}..{mark['to'] or ''}")
        with _box("drafts", "What became of drafts", f"edit distance p90 {_value(found, 'edit_distance_p90')}"):
            chart = found.drafts and charts.shares_by_week(found.drafts, list(board.DRAFTS.values()), found.asked.earlier)
            _graph(_taken(found, "What became of drafts", chart, found.drafts, 226), "drafts", "Stacked shares of each week")
        with _box(
            "sla", "Inside target", f"reply {_value(found, 'sla_first_reply')} · resolution {_value(found, 'sla_resolution')}"
        ):
            chart = found.targets and charts.lines(found.targets, found.asked.earlier)
            _graph(_taken(found, "Inside target", chart, found.targets, 226), "sla", "Lines: share inside target by week")
    with st.container(key="mx_two_even"):
        with _box("speed", "Latency and cost", "median, pale to the 95th percentile"):
            _speeds(found, [speed for speed in found.speeds if speed.kind != "model"])
        with _box("failures", "Most common failures", "rejections, escalations, errors, open breakers"):
            _failures(found.failures)


def _outcomes(found: Board) -> None:
    """Tickets by outcome, a bar for each day, or for each week of long ranges."""
    unit, days = found.unit
    title = f"Tickets a {unit}, by outcome"
    with _box("outcome", title, _cut(found) + "click a bar to open its tickets"):
        chart = found.outcomes and charts.by_day(found.outcomes, OUTCOMES, days, unit, found.asked.earlier)
        taken = _taken(found, title, chart, found.outcomes, 266)
        if mark := _graph(
            taken, "outcome", f"Stacked bars: tickets a {unit} by outcome", "No tickets in this range.", selects=True
        ):
            behind.open_("outcome", str(mark["outcome"]), str(mark[unit]), *(["week"] if unit == "week" else []))


def _cut(found: Board) -> str:
    """What to say of days whose bars are cut, so that the others stay readable."""
    towers = charts.towers(found.outcomes, found.unit[0])
    said = [f"{date.fromisoformat(day):%-d %b} goes up to {count:,}" for day, count in towers.items()]
    return ", ".join(said) + " · " if said else ""


def _box(name: str, title: str, note: str = "") -> "st.delta_generator.DeltaGenerator":
    box = st.container(key=f"box_{name}")
    with box:
        show(tag("div", tag("b", title), mute(note), cls="mx-h"))
    return box


def _taken(found: Board, title: str, chart: object, rows: Sequence[Mapping[str, object]], height: int) -> Taken:
    """A chart with the range and the filters it was made for; `chart` may be empty."""
    return Taken(chart, rows, title, found.asked.about, height)


def _graph(
    taken: Taken, name: str, alt_text: str, nothing: str = "Nothing in this range yet.", *, selects: bool = False
) -> Mapping[str, object]:
    if taken.chart:
        return graph(taken, name=name, alt_text=alt_text, selects=selects)
    show(mute(nothing))
    return {}


def _speeds(found: Board, speeds: list[Speed]) -> None:
    if not speeds:
        show(mute("No calls of models or tools in this range."))
        return
    rows = [
        {
            "name": machine.name_of(s.name), "calls": s.calls, "p50": s.p50 * 1000, "p95": s.p95 * 1000,
            "half": figures.seconds(s.p50), "most": figures.seconds(s.p95), "worst": figures.seconds(s.p99),
            "label": f"{figures.seconds(s.p50)} · {figures.money(s.cost_usd)}" if s.kind == "agent" or s.cost_usd else figures.seconds(s.p50),
        }
        for s in speeds
    ]  # fmt: skip
    chart = charts.latencies(rows)
    taken = _taken(found, "Latency and cost", chart, [vars(speed) for speed in speeds], 30 * len(rows))
    graph(taken, name="speed", alt_text="Bars: latency of each agent and tool")


def _failures(failures: list[Failure]) -> None:
    if not failures:
        show(mute("Nothing failed in this range."))
        return
    lines = [
        Line(f"{f.metric}~{f.reason}", (Cell(f.reason), Cell(f.what, tone="m"), Cell(f"{f.count:,}", sort=f.count)))
        for f in failures[:8]
    ]
    opened = table(
        (Column("Reason", "wide"), Column("What", "short"), Column("Times", "right")),
        lines,
        key="failures",
        label="Most common failures",
    )
    if opened:
        behind.open_(*opened.split("~", 1))


def _all(found: Board, user: User) -> None:
    with st.container(key="box_all"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            show(
                tag(
                    "div",
                    tag("b", "All figures"),
                    mute("a figure counts on the day its ticket's episode started; a row opens its tickets"),
                    cls="mx-h",
                )
            )
            download("CSV", partial(board.csv, found, user), board.file_name(found), "text/csv", key="csv")
        columns = (
            Column("Figure", "wide"), Column("Value", "right"), Column("95% interval", "right extra"), Column("Counted", "right"),
            Column("Out of", "right"), Column("Change", "right"),
        )  # fmt: skip
        group = screen.chips("Which figures", "figures", {name: name for name in GROUPS})
        opened = table(
            columns, [_line(found, metric.name) for metric in GROUPS[group]], key=f"all_{group}", label=f"Figures: {group}"
        )
        if opened in METRICS:
            behind.open_(opened)
        show(join(mute("Changes are against the same number of days before, and grey while they are within the margin.")))


def _line(found: Board, name: str) -> Line:
    metric, figure = METRICS[name], found.figures[name]
    change = figures.change(metric, figure, found.before[name], whole=found.whole_before)
    return Line(
        name,
        (
            Cell(metric.title, title=metric.definition),
            Cell(
                figures.shown(metric, figure), strong=figure.enough, tone="" if figure.enough else "m", sort=figure.value or 0.0
            ),
            Cell(figures.interval(metric, figure) if figure.enough else "", tone="m"),
            Cell(f"{figure.numerator:,}", sort=figure.numerator),
            Cell(f"{figure.denominator:,} {metric.grain.plural}", tone="m", sort=figure.denominator),
            Cell(
                change.text if change else "", tone=(change.tone or "m") if change else "", title=change.title if change else ""
            ),
        ),
        label=f"{metric.title}: {figures.shown(metric, figure)}",
    )


def _value(found: Board, name: str) -> str:
    return figures.shown(METRICS[name], found.figures[name])


def _share_of(found: Board) -> str:
    figure = found.figures["escalation_rate"]
    return f"{figure.numerator:,} of {figure.denominator:,} tickets"


main()
