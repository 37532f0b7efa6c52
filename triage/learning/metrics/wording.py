"""Figures in words: values with their unit, what they stand on, and how they changed."""

from dataclasses import dataclass

from triage.learning.metrics.baselines import Claim
from triage.learning.metrics.figure import Figure
from triage.learning.metrics.metric import Metric

NOT_ENOUGH = "not enough data"


@dataclass(frozen=True)
class Change:
    """How a figure moved against the period before; tone is o (better), b (worse) or "" (neither, or within the margin)."""

    text: str
    tone: str
    title: str


def value(metric: Metric, number: float | None) -> str:
    """The number with its unit, as short as it stays honest."""
    if number is None:
        return "–"
    if metric.unit == "share":
        return f"{number * 100:.1f}%"
    if metric.unit == "seconds":
        return seconds(number)
    if metric.unit == "usd":
        return money(number)
    if metric.unit == "count":
        return f"{number:,.0f}"
    return f"{number:.2f}" if metric.unit == "distance" else f"{number:.1f} of 5" if metric.unit == "score" else f"{number:g}"


def shown(metric: Metric, figure: Figure) -> str:
    """What a tile says: the value, or that there is not enough to say one."""
    return value(metric, figure.value) if figure.enough else NOT_ENOUGH


def seconds(number: float) -> str:
    """38 ms, 12 s, 18 min, 3.4 h, 2.1 days."""
    if number < 0.9995:
        return f"{number * 1000:.0f} ms"
    if number < 60:
        return f"{number:.1f} s" if number < 10 else f"{number:.0f} s"
    if number < 3600:
        return f"{number / 60:.0f} min"
    return f"{number / 3600:.1f} h" if number < 36 * 3600 else f"{number / 86400:.1f} days"


def stretch(low: float, high: float | None) -> str:
    """From one number of seconds to another, or without an end."""
    return (
        f"{seconds(low)} or more" if high is None else f"{seconds(low)} to {seconds(high)}" if low else f"under {seconds(high)}"
    )


def money(number: float) -> str:
    if number == 0:
        return "$0"
    return f"${number:,.2f}" if abs(number) >= 0.1 else f"${number:.4f}"


def claimed(unit: str, number: float | None) -> str:
    """A number of a claim: a share, a score of 5, or a change in percent with its sign."""
    if number is None:
        return "–"
    if unit == "change":
        return f"{'−' if number < 0 else '+'}{abs(number):.0%}"
    return f"{number:.1f} of 5" if unit == "score" else f"{number:.1%}"


def reached(claim: Claim) -> str:
    """Whether a claim holds, and whether the interval leaves room for doubt."""
    if claim.reached is None:
        return NOT_ENOUGH
    return ("yes" if claim.reached else "no") + ("" if claim.surely else ", within the margin")


def basis(metric: Metric, figure: Figure) -> str:
    """What the figure stands on: 124 of 169 tickets."""
    if metric.name == "volume":
        return f"of {figure.denominator:,} that arrived"
    if metric.stock:
        return "neither answered nor resolved"
    return f"{figure.numerator:,} of {figure.denominator:,}"


def margin(metric: Metric, figure: Figure) -> str:
    """Half the interval of a share in points; both ends of anything else; empty when there is no interval."""
    if figure.low is None or figure.high is None or figure.value is None:
        return ""
    if metric.unit == "share":
        return f"±{(figure.high - figure.low) * 50:.1f}"
    low, high = value(metric, figure.low), value(metric, figure.high)
    if low == high:
        return ""
    number, _, unit = low.partition(" ")
    return f"{number if unit and high.endswith(f' {unit}') else low} to {high}"


def interval(metric: Metric, figure: Figure) -> str:
    """Both ends of the 95% interval."""
    if figure.low is None or figure.high is None or figure.value is None:
        return ""
    return f"{value(metric, figure.low)} to {value(metric, figure.high)}"


def change(metric: Metric, figure: Figure, before: Figure, *, whole: bool = True) -> Change | None:
    """Against the period before: shares in points, everything else in percent; None when either has too little data.

    Counts need a period before that is `whole`: one in which the desk was there all the time.
    """
    if not (figure.enough and before.enough) or figure.value is None or before.value is None or metric.stock:
        return None
    if metric.statistic == "count" and not (whole and before.denominator):
        return None
    moved = figure.value - before.value
    if metric.unit != "share" and before.value == 0:
        return None
    size = moved * 100 if metric.unit == "share" else moved / before.value * 100
    text = f"{abs(size):.1f}" if metric.unit == "share" else f"{abs(size):.0f}%"
    was = f"{value(metric, before.value)} in the period before"
    if float(text.rstrip("%")) == 0:
        return Change("unchanged", "", was)
    noise = figure.low is not None and figure.high is not None and figure.low <= before.value <= figure.high
    better = (moved > 0) == (metric.direction == "up")
    tone = "" if noise or metric.direction == "none" else "o" if better else "b"
    return Change(f"{'▲' if moved > 0 else '▼'} {text}", tone, was + ("; the change is within the margin" if noise else ""))
