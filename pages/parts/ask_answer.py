"""What a question gave: one figure, a line over time or bars by category, with the table below; all of it as CSV."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from pages.parts import chart_files, charts, screen, words
from pages.parts.chart_files import Taken
from pages.parts.download import download
from pages.parts.graph import graph
from pages.parts.markup import Child, mute, show, tag
from pages.parts.table import Cell, Column, Line, table
from triage.asking.running import Answer, Value

_TIME = re.compile(r"\d{4}-\d\d(-\d\d)?")
_ORDERED = ("_hour", "_weekday")
_NAMED = ("category", "priority", "sentiment", "status", "reason", "decision", "kind", "agent", "outcome")
_SERIES, _BARS, _SHOWN = 6, 30, 200


@dataclass(frozen=True)
class Shape:
    """How an answer is drawn: `kind` is figure, line, bars or table; columns by their place."""

    kind: str
    over: int = -1
    value: int = -1
    of: int = -1


def shape(answer: Answer) -> Shape:
    """One row with one number is a figure; numbers over days, weeks or months a line; numbers by category bars."""
    rows = answer.rows
    numbers = [n for n, name in enumerate(answer.columns) if _numeric(rows, n) and not name.endswith(("_id", *_ORDERED))]
    texts = [n for n in range(len(answer.columns)) if n not in numbers]
    if not rows or not numbers:
        return Shape("table")
    if len(rows) == 1 and not texts:
        return Shape("figure", value=numbers[0])
    times = [n for n in texts if all(isinstance(row[n], str) and _TIME.fullmatch(str(row[n])) for row in rows)]
    others = [n for n in texts if n not in times]
    if len(times) == 1 and len(others) <= 1 and len(rows) > 1:
        kinds = {row[others[0]] for row in rows} if others else set()
        if len(kinds) <= _SERIES:
            return Shape("line", times[0], numbers[0], others[0] if others else -1)
    if len(texts) == 1 and 1 < len(rows) <= _BARS and not answer.columns[texts[0]].endswith("_id"):
        return Shape("bars", texts[0], numbers[0])
    return Shape("table")


def draw(answer: Answer, question: str) -> None:
    """The answer: figure or chart, then the table."""
    if not answer.rows:
        show(mute("Nothing fits: the answer has no rows."))
        return
    found = shape(answer)
    with st.container(key="box_answer"):
        if found.kind == "figure":
            _figure(answer, found)
        elif found.kind != "table":
            _chart(answer, found, question)
        _table(answer)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            cut = (
                "the first 1,000 rows; there are more"
                if answer.cut
                else f"{len(answer.rows):,} rows"
                if len(answer.rows) > 1
                else "1 row"
            )
            shown = f", {_SHOWN} of them shown" if len(answer.rows) > _SHOWN else ""
            show(mute(f"{cut}{shown} · {answer.seconds:.2f} s"))
            data = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
            download("CSV", partial(chart_files.csv, data), "answer.csv", "text/csv", key="ask_csv")


def _figure(answer: Answer, found: Shape) -> None:
    rest = [
        f"{title(name)} {text(value, name)}"
        for n, (name, value) in enumerate(zip(answer.columns, answer.rows[0], strict=True))
        if n != found.value
    ]
    name = answer.columns[found.value]
    show(tag("div", tag("b", text(answer.rows[0][found.value], name)), mute(title(name)), mute(" · ".join(rest)), cls="mx-line"))


def _chart(answer: Answer, found: Shape, question: str) -> None:
    name, over = answer.columns[found.value], answer.columns[found.over]
    if found.kind == "line":
        unit = "month" if over.endswith("month") else "week" if over.endswith("week") else "day"
        rows: list[dict[str, Any]] = [
            {"time": f"{row[found.over]}-01"[:10], "what": text(row[found.of], answer.columns[found.of]) if found.of >= 0 else title(name), "value": row[found.value]}
            for row in answer.rows if row[found.value] is not None
        ]  # fmt: skip
        chart, height = charts.answer_over_time(rows, title(name), unit), 230
    else:
        rows = [
            {"what": text(row[found.over], over), "value": row[found.value] or 0, "shown": text(row[found.value], name)} for row in answer.rows
        ]  # fmt: skip
        chart, height = charts.answer_bars(rows, title(name)), 28 * len(rows) + 10
    show(tag("div", tag("b", title(name)), cls="mx-h"))
    taken = Taken(chart, rows, question or title(name), title(name), height)
    graph(taken, name="answer", alt_text=described(answer, found))


def described(answer: Answer, found: Shape) -> str:
    """The chart in a sentence, for whoever does not see it: what it shows, and its highest and lowest value."""
    name, over = answer.columns[found.value], answer.columns[found.over]
    known = [(row[found.value], row[found.over]) for row in answer.rows if isinstance(row[found.value], int | float)]
    if not known:
        return f"{title(name)} by {title(over).lower()}; no values"
    (most, where), (least, there) = (
        max(known, key=lambda pair: float(pair[0] or 0)),
        min(known, key=lambda pair: float(pair[0] or 0)),
    )
    kind = "Line" if found.kind == "line" else "Bars"
    return f"{kind}: {title(name)} by {title(over).lower()}; highest {text(most, name)} ({text(where, over)}), lowest {text(least, name)} ({text(there, over)})"


def _table(answer: Answer) -> None:
    rows = answer.rows[:_SHOWN]
    numbers = {n for n in range(len(answer.columns)) if _numeric(rows, n)}
    if "ticket_id" in answer.columns:
        at = answer.columns.index("ticket_id")
        lines: list[list[Child]] = [
            [screen.ticket_link(int(value)) if n == at and value else text(value, name) for n, (name, value) in enumerate(zip(answer.columns, row, strict=True))]
            for row in rows
        ]  # fmt: skip
        show(
            tag(
                "div",
                screen.report([title(name) for name in answer.columns], lines, numbers=sorted(numbers - {at})),
                cls="ask-scroll",
            )
        )
        return
    columns = [Column(title(name), "right" if n in numbers else "") for n, name in enumerate(answer.columns)]
    cells = [
        Line(str(number), [Cell(text(value, name), sort=value if value is not None else "") for name, value in zip(answer.columns, row, strict=True)])
        for number, row in enumerate(rows)
    ]  # fmt: skip
    table(columns, cells, key="ask_table", label="Answer", opens=False)


def title(name: str) -> str:
    """A column's name in plain words."""
    for end, unit in (("_day", "Day"), ("_week", "Week of"), ("_month", "Month"), ("_hour", "Hour"), ("_weekday", "Weekday")):
        if name.endswith(end):
            return unit
    plain = re.sub(r"[^A-Za-z0-9]+", " ", name).strip()
    return (plain[:1].upper() + plain[1:]).replace(" usd", " USD").replace("Usd", "USD") or "Value"


def text(value: Value, name: str) -> str:
    """A value as people write it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        if name == "language":
            return words.LANGUAGE.get(value, value)
        if name.endswith("_weekday"):
            return value[2:]
        return words.label(value) if "_" in value or name in _NAMED else value
    if name.endswith("_id"):
        return str(value)
    if name.endswith("_hour"):
        return f"{value:02}:00" if isinstance(value, int) else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) < 10 else f"{value:,.1f}"


def _numeric(rows: tuple[tuple[Value, ...], ...], n: int) -> bool:
    return any(row[n] is not None for row in rows) and all(row[n] is None or isinstance(row[n], int | float) for row in rows)
