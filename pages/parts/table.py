"""A dense table: columns that sort, rows that open something, by mouse or keyboard. Texts are never markup."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from pages.parts.theme import asset

_component = st.components.v2.component(
    "triage_table", html='<div class="tb" role="region"></div>', css=asset("table.css"), js=asset("table.js")
)


@dataclass(frozen=True)
class Column:
    """`kind`: "" plain, right (numbers), short (never wraps), wide; add " extra" for what narrow screens leave out.

    `key` is what a list that the database sorts calls the column; without one it cannot be sorted by.
    """

    label: str
    kind: str = ""
    title: str = ""
    key: str = ""


@dataclass(frozen=True)
class Cell:
    """One cell; tones are those of chips plus m (muted). `sort` is what the column sorts by, else the text."""

    text: str = ""
    sub: str = ""
    tone: str = ""
    strong: bool = False
    chips: Sequence[tuple[str, str]] = ()
    title: str = ""
    sort: str | float | None = None


@dataclass(frozen=True)
class Line:
    """One row; `label` is read out for it."""

    id: str
    cells: Sequence[Cell] = field(default_factory=tuple)
    label: str = ""


def table(
    columns: Sequence[Column],
    lines: Sequence[Line],
    *,
    key: str,
    label: str,
    selected: str | None = None,
    opens: bool = True,
    sorts: bool = True,
    order: str = "",
    on_sort: Callable[[str], None] | None = None,
) -> str | None:
    """Draw the table; returns the id of the row that was opened just now.

    With `order` (a column's key, "-" before it for descending) the rows are sorted already, and `on_sort` hears of a
    column's heading that was pressed.
    """
    data = {
        "columns": [{"label": column.label, "kind": column.kind, "title": column.title, "key": column.key} for column in columns],
        "rows": [{"id": line.id, "label": line.label or line.cells[0].text, "cells": [_plain(cell) for cell in line.cells]} for line in lines],
        "selected": selected, "opens": opens, "sorts": sorts, "order": order, "label": label,
    }  # fmt: skip
    result = _component(key=key, data=data, on_open_change=lambda: None, on_sort_change=lambda: _sorted(key, on_sort))
    opened = result.get("open")
    return str(opened) if opened is not None else None


def _sorted(key: str, on_sort: Callable[[str], None] | None) -> None:
    if on_sort and (wanted := st.session_state[key].get("sort")):
        on_sort(str(wanted))


def _plain(cell: Cell) -> dict[str, object]:
    return {
        "text": cell.text, "sub": cell.sub, "tone": cell.tone, "strong": cell.strong, "chips": [list(chip) for chip in cell.chips],
        "title": cell.title, "sort": cell.text if cell.sort is None else cell.sort,
    }  # fmt: skip
