"""What the agents, tools and models cost and how long they take; of models also cache hits and fallbacks."""

from pages.parts import charts
from pages.parts.board import Asked, kept
from pages.parts.chart_files import Taken
from pages.parts.graph import graph
from pages.parts.markup import mute, show
from pages.parts.table import Cell, Column, Line, table
from triage.learning.metrics import METRICS, Figure, reports
from triage.learning.metrics import wording as figures
from triage.learning.metrics.reports import ModelUse, Speed

_SOURCES = {"knowledge": "search articles", "policies": "search policies", "customer": "customer record", "relevance": "judge passages"}  # fmt: skip
_KINDS = {"agent": "agent", "tool": "tool, search or guard", "model": "model"}
_COLUMNS = (
    Column("Who", "wide"), Column("Kind", "short"), Column("Calls", "right"), Column("Median", "right"), Column("p95", "right"),
    Column("p99", "right extra"), Column("Cost", "right", "Tokens and calls at their price when they were made; the desk's own tools cost nothing"), Column("From cache", "right", METRICS["prompt_cache"].definition),
    Column("Fallback", "right", METRICS["fallback_rate"].definition),
)  # fmt: skip


def machine(asked: Asked) -> tuple[str, ...] | None:
    """The table and the costs; what was opened just now, as behind.open_ takes it."""
    speeds, models = kept(
        asked, "machine",
        lambda counts: (reports.speeds(counts, asked.window, asked.filters), {use.name: use for use in reports.models(counts, asked.window, asked.filters)}),
    )  # fmt: skip
    if not speeds:
        show(mute("No calls of models or tools in this range."))
        return None
    lines = [_line(speed, models.get(speed.name) if speed.kind == "model" else None) for speed in speeds]
    opened = table(_COLUMNS, lines, key="machine", label="Agents, tools and models")
    paid = [
        {"who": f"{name_of(speed.name)} ({speed.kind})", "cost_usd": speed.cost_usd, "calls": speed.calls}
        for speed in speeds
        if speed.cost_usd
    ]
    if paid:
        paid.sort(key=lambda row: -float(row["cost_usd"]))  # type: ignore[arg-type]
        rows = [{"what": row["who"], "value": row["cost_usd"], "shown": figures.money(float(row["cost_usd"]))} for row in paid]  # type: ignore[arg-type]
        taken = Taken(
            charts.answer_bars(rows, "Cost"), paid, "Cost by agent, by tool and by model", asked.about, 30 + 26 * len(rows)
        )
        graph(taken, name="cost", alt_text="Bars: cost of each agent, of each tool and of each model")
    return _behind(opened) if opened else None


def name_of(name: str) -> str:
    """An agent, tool or model in words."""
    return _SOURCES.get(name, name.replace("_", " "))


def _line(speed: Speed, use: ModelUse | None) -> Line:
    times = [figures.seconds(seconds) for seconds in (speed.p50, speed.p95, speed.p99)]
    cells = [Cell(time, tone="" if speed.enough else "m", sort=seconds) for time, seconds in zip(times, (speed.p50, speed.p95, speed.p99), strict=True)]  # fmt: skip
    return Line(
        f"{speed.kind}~{speed.name}",
        (
            Cell(name_of(speed.name)), Cell(_KINDS[speed.kind], tone="m"), Cell(f"{speed.calls:,}", sort=speed.calls), *cells,
            Cell(figures.money(speed.cost_usd), tone="" if speed.cost_usd else "m", sort=speed.cost_usd),
            _share("prompt_cache", use.cache if use else None), _share("fallback_rate", use.fallback if use else None),
        ),
        label=f"{name_of(speed.name)}: {speed.calls:,} calls, median {times[0]}",
    )  # fmt: skip


def _share(name: str, figure: Figure | None) -> Cell:
    if figure is None:
        return Cell()
    metric = METRICS[name]
    span = figures.interval(metric, figure) if figure.enough else ""
    about = figures.basis(metric, figure) + f" {metric.grain.plural}" + (f", 95% interval {span}" if span else "")
    return Cell(figures.shown(metric, figure), tone="" if figure.enough else "m", title=about, sort=figure.value or 0.0)


def _behind(opened: str) -> tuple[str, ...]:
    """The tickets of an agent or a tool; a model's are those of all agents, split by model in the dialog."""
    kind, _, name = opened.partition("~")
    return ("agent_latency_p50",) if kind == "model" else (f"{kind}_latency_p50", name)
