"""A chart in its box: as a picture or as a table of the same rows, and both to take along."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.parts import behind, chart_files, chart_style
from pages.parts.chart_files import Taken
from pages.parts.download import download
from pages.parts.table import Cell, Column, Line, table
from triage.learning.metrics import wording as figures

_TITLES = {
    "p50": "Median", "p90": "p90", "p95": "p95", "p99": "p99", "cost_usd": "Cost", "an_hour": "An hour, mean", "share": "Share", "what": "What", "kind": "Kind",
    "before_day": "Day, period before", "before_tickets": "Tickets, period before", "before_count": "Count, period before",
    "before_share": "Share, period before", "before_basis": "Basis, period before", "before_cases": "Cases, period before",
}  # fmt: skip
_SECONDS = ("p50", "p90", "p95", "p99", "from", "to")


def graph(taken: Taken, *, name: str, alt_text: str, selects: bool = False) -> Mapping[str, Any]:
    """Draw the chart, or its rows as a table; with `selects` returns what was opened just now: a mark or a row, else nothing.

    `name` is the key of it all and the beginning of the files' names.
    """
    shown = f"as_table_{name}"
    as_table = bool(st.session_state.get(shown))
    with st.container(key=f"save_{name}", horizontal=True, gap="small"):
        st.button(
            "Chart" if as_table else "Table", key=f"table_{name}", type="tertiary", help=f"“{taken.title}” as a {'chart' if as_table else 'table'}",
            on_click=_turn, args=(shown, not as_table),
        )  # fmt: skip
        download(
            "CSV", partial(chart_files.csv, taken.rows), f"{name}.csv", "text/csv", key=f"csv_{name}", type="tertiary",
            help=f"Download the data of “{taken.title}”",
        )  # fmt: skip
        download(
            "PNG", partial(chart_files.png, taken, chart_style.colours()), f"{name}.png", "image/png", key=f"png_{name}", type="tertiary",
            help=f"Download a picture of “{taken.title}”",
        )  # fmt: skip
    if as_table:
        with st.container(height=taken.height, border=False, key=f"rows_{name}"):
            return _rows(taken, name, selects)
    event = chart_style.draw(taken.chart, height=taken.height, key=f"chart_{name}", selects=selects, alt_text=alt_text)
    return behind.fresh(name, chart_style.picked(event)) if selects else {}


def _turn(shown: str, as_table: bool) -> None:
    st.session_state[shown] = as_table


def _rows(taken: Taken, name: str, opens: bool) -> Mapping[str, Any]:
    names = list(dict.fromkeys(name for row in taken.rows for name in row if name != "metric"))
    columns = [Column(_TITLES.get(name, name.replace("_", " ").capitalize()), "right" if _numeric(taken.rows, name) else "") for name in names]  # fmt: skip
    lines = [
        Line(str(number), [Cell(said(one, row.get(one)), sort=_order(row.get(one))) for one in names])
        for number, row in enumerate(taken.rows)
    ]  # fmt: skip
    opened = table(columns, lines, key=f"table_of_{name}", label=taken.title, opens=opens)
    return taken.rows[int(opened)] if opened is not None and opens else {}


def said(name: str, value: object) -> str:
    """A value as people read it, by the name of its column."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if name in _SECONDS or name.endswith("_seconds"):
            return figures.seconds(value)
        if name.endswith("usd"):
            return figures.money(value)
        if name.endswith(("share", "rate", "low", "high")):
            return f"{value:.1%}"
        return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return str(value)


def _numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return all(row.get(name) is None or (isinstance(row[name], int | float) and not isinstance(row[name], bool)) for row in rows)


def _order(value: object) -> str | float:
    return value if isinstance(value, int | float) else str(value or "")
