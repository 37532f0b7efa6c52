"""The rows that every part reports, and the table that they make."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One figure beside its target. `met` is None where there is no target: the figure explains another one."""

    what: str
    ours: str
    target: str = ""
    met: bool | None = None
    how: str = ""
    """What it was measured on, such as "10-fold, 541 rows"."""


def at_least(what: str, value: float, target: float, how: str = "") -> Row:
    return Row(what, f"{value:.3f}", f"≥ {target:.2f}", value >= target, how)


def at_most(what: str, value: float, target: float, how: str = "", unit: str = "") -> Row:
    """`unit` " ms" shows times with one digit; without one, shares with three."""
    shown = f"{value:.1f}{unit}" if unit else f"{value:.3f}"
    return Row(what, shown, f"≤ {target:g}{unit}", value <= target, how)


def show(console: Console, title: str, rows: Sequence[Row]) -> None:
    table = Table(title=title, title_justify="left")
    for name in ("what", "measured", "target", "", "on"):
        table.add_column(name, justify="right" if name in ("measured", "target") else "left")
    for row in rows:
        mark = "" if row.met is None else "met" if row.met else "missed"
        table.add_row(row.what, row.ours, row.target, mark, row.how)
    console.print(table)
