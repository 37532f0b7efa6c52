"""The charts of the metrics screen, and those of answers to questions in words."""

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from pages.parts import charts_before
from pages.parts.chart_style import along, colours, data, mondays, paler_unless, picking, spoken
from triage.learning.metrics import wording as figures

_NO_AXIS: Any = None
_SHORTEST = 30  # seconds: where the axis of times begins


def by_day(
    rows: Sequence[dict[str, Any]], names: dict[str, str], days: Sequence[str], unit: str = "day", before: str = ""
) -> Any:
    """Tickets a day or a week, stacked by outcome, with all tickets of the period before as a line: the rows of Before.outcomes.

    `names` gives the order and the words of the legend, `days` every day (or Monday) there is, `before` the name of the line.
    """
    tones = colours()
    shades = {"resolved": tones["acc"], "people": tones["soft"], "escalated": tones["warn"], "open": tones["rest"]}
    order, top = list(names), _top(rows, unit)
    said, was = {day: spoken(day, unit) for day in days}, _sums(rows, unit, "before_tickets")
    table = data(
        {
            "outcome": row["outcome"], "tickets": row["tickets"], "shown": row["shown"], "order": order.index(row["outcome"]),
            "name": names[row["outcome"]], unit: str(row[unit]), "when": said[str(row[unit])], "then": _then(row),
        }
        for row in _cut(rows, order, unit) if row["tickets"]
    )  # fmt: skip
    pick = picking("rect", unit, "outcome")
    x = along(unit, days)
    y = alt.Y("shown:Q", title=None, axis=alt.Axis(grid=True, tickCount=4, format="d"))
    when = alt.Tooltip("when:N", title=unit.capitalize())
    bars = (
        alt.Chart(table)
        .mark_bar(cornerRadius=1, cursor="pointer")
        .encode(
            x=x,
            y=y,
            color=alt.Color("name:N", scale=alt.Scale(domain=list(names.values()), range=[shades[k] for k in names])),
            order=alt.Order("order:Q"),
            opacity=paler_unless(pick),
            tooltip=[when, alt.Tooltip("name:N", title="Outcome"), alt.Tooltip("tickets:Q", title="Tickets"), *([alt.Tooltip("then:N", title=before)] if was else [])],
        )
        .add_params(pick)
    )  # fmt: skip
    now = _sums(rows, unit, "tickets")
    line = [
        {unit: day, "when": said[day], "shown": min(top, was.get(day, 0)), "was": was.get(day, 0), "tickets": now.get(day, 0)}
        for day in days if was and day >= min(was)
    ]  # fmt: skip
    if len(line) < 2:
        return bars
    tips = [when, alt.Tooltip("was:Q", title=before), alt.Tooltip("tickets:Q", title="All tickets")]
    return bars + charts_before.line(line, x, y, before, tips)


def towers(rows: Sequence[dict[str, Any]], unit: str = "day") -> dict[str, int]:
    """Days whose bars are cut, with their tickets; the screen has to say so in words."""
    top = _top(rows, unit)
    return {day: count for day, count in _sums(rows, unit, "tickets").items() if count > top}


def _cut(rows: Sequence[dict[str, Any]], order: list[str], unit: str = "day") -> list[dict[str, Any]]:
    """The rows with the height each part is drawn at: what lies above the ceiling is not drawn."""
    top = _top(rows, unit)
    room: dict[str, int] = {}
    found = []
    for row in sorted(rows, key=lambda row: order.index(row["outcome"])):
        left = room.get(str(row[unit]), top)
        shown = min(int(row["tickets"]), left)
        room[str(row[unit])] = left - shown
        found.append({**row, "shown": shown})
    return found


def _top(rows: Sequence[dict[str, Any]], unit: str = "day") -> int:
    """Where the axis ends for the days of this period and of the one before."""
    return ceiling([*_sums(rows, unit, "tickets").values(), *_sums(rows, unit, "before_tickets").values()])


def _sums(rows: Sequence[dict[str, Any]], unit: str, what: str) -> dict[str, int]:
    """A number of all outcomes by day, where it is known."""
    sums: dict[str, int] = {}
    for row in rows:
        if row.get(what) is not None:
            sums[str(row[unit])] = sums.get(str(row[unit]), 0) + int(row[what])
    return sums


def _then(row: dict[str, Any]) -> str:
    """What the same outcome was in the period before."""
    if row.get("before_tickets") is None:
        return "nothing known"
    return f"{row['before_tickets']:,}" + (f" on {spoken(row['before_day'])}" if row.get("before_day") else "")


def ceiling(totals: Sequence[int]) -> int:
    """Where the axis ends: at the highest bar, or, when few days tower over all others, a little above those others."""
    ordered = sorted(totals)
    highest = ordered[-1] if ordered else 1
    if len(ordered) < 7:
        return max(1, highest)
    usual = ordered[-max(2, len(ordered) // 10)]  # all but the highest tenth, and never only the highest one
    below = [total for total in ordered if total <= 2.5 * usual]
    return max(1, highest if len(below) == len(ordered) else -(-below[-1] * 5 // 4))


def ranked(rows: Sequence[tuple[str, int]], tone: str) -> Any:
    """Reasons with their counts, the most common on top."""
    tones = colours()
    table = data({"reason": reason, "count": count} for reason, count in rows)
    pick = picking("rect", "reason")
    order = [reason for reason, _ in rows]
    bars = (
        alt.Chart(table)
        .mark_bar(cornerRadius=3, height=min(26, 145 // len(rows)), color=tones[tone], cursor="pointer")
        .encode(
            x=alt.X("count:Q", title=None, axis=_NO_AXIS, scale=alt.Scale(domain=[0, max(n for _, n in rows) * 1.12])),
            y=alt.Y("reason:N", sort=order, title=None, axis=alt.Axis(labelColor=tones["ink"], labelFontSize=12, labelLimit=170)),
            opacity=paler_unless(pick),
            tooltip=[alt.Tooltip("reason:N", title="Reason"), alt.Tooltip("count:Q", title="Tickets")],
        )
        .add_params(pick)
    )
    text = alt.Chart(table).mark_text(align="left", dx=5, fontSize=12, color=tones["mute"]).encode(
        x=alt.X("count:Q"), y=alt.Y("reason:N", sort=order), text=alt.Text("count:Q")
    )  # fmt: skip
    return alt.layer(bars, text)


def spread(rows: Sequence[dict[str, Any]], marks: Sequence[dict[str, Any]]) -> Any:
    """How times are distributed, one above the other on one scale, with median and p90.

    `rows` are of time (its name), metric, from, to (seconds; None: no end), cases, share; `marks` of time, median, p90 (seconds).
    """
    tones = colours()
    kinds = [mark["time"] for mark in marks]
    most = max(row["share"] for row in rows)

    def base(kind: str) -> int:
        return len(kinds) - 1 - kinds.index(kind)

    bars = [
        {
            **row, "left": max(row["from"], _SHORTEST), "right": row["to"] or 2 * row["from"], "low": base(row["time"]),
            "high": base(row["time"]) + 0.74 * row["share"] / most, "took": figures.stretch(row["from"], row["to"]),
        }
        for row in rows if row["cases"]
    ]  # fmt: skip
    lines = [
        {"time": mark["time"], "at": max(mark[which], _SHORTEST), "low": base(mark["time"]), "high": base(mark["time"]) + 0.78, "which": which, "said": f"{which} {figures.seconds(mark[which])}"}
        for mark in marks for which in ("median", "p90")
    ]  # fmt: skip
    names = ", ".join(f"'{kind}'" for kind in reversed(kinds))
    pick = picking("rect", "metric", "from", "to")
    written = "datum.value < 3600 ? datum.value / 60 + ' min' : datum.value / 3600 + ' h'"
    scale = alt.Scale(type="log", domain=[_SHORTEST, 460_800], nice=False)
    x = alt.X(
        "left:Q",
        title=None,
        scale=scale,
        axis=alt.Axis(values=[60, 300, 900, 3600, 14_400, 36_000, 144_000], labelExpr=written, grid=True, labelOverlap=True),
    )
    axis = alt.Axis(
        values=[n + 0.35 for n in range(len(kinds))],
        labelExpr=f"[{names}][floor(datum.value)]",
        labelColor=tones["ink"],
        labelFontSize=12,
    )
    y = alt.Y("low:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, len(kinds)], nice=False))
    tips = [
        alt.Tooltip("time:N", title="Time"),
        alt.Tooltip("took:N", title="Took"),
        alt.Tooltip("cases:Q", title="Cases"),
        alt.Tooltip("share:Q", title="Share", format=".1%"),
    ]
    drawn = (
        alt.Chart(data(bars))
        .mark_rect(cornerRadius=1, color=tones["acc"], cursor="pointer", stroke=tones["card"], strokeWidth=1)
        .encode(x=x, x2="right:Q", y=y, y2="high:Q", tooltip=tips, opacity=paler_unless(pick))
        .add_params(pick)
    )
    return drawn + _marked(lines, scale)


def _marked(lines: Sequence[dict[str, Any]], scale: Any) -> Any:
    """Median and p90 as upright lines with their words: rows of at, low, high, which, said."""
    tones = colours()
    half, most_of_all = (alt.Chart(data(line for line in lines if line["which"] == which)) for which in ("median", "p90"))
    rule = {"x": alt.X("at:Q", scale=scale), "y": "low:Q", "y2": "high:Q"}
    text = {"x": alt.X("at:Q", scale=scale), "y": "high:Q", "text": "said:N"}
    return (
        half.mark_rule(color=tones["ink"], strokeWidth=1.5).encode(**rule)
        + most_of_all.mark_rule(color=tones["ink"], strokeWidth=1.5, strokeDash=[3, 2]).encode(**rule)
        + half.mark_text(align="right", dx=3, dy=-6, fontSize=11.5, color=tones["ink"]).encode(**text)
        + most_of_all.mark_text(align="left", dx=-3, dy=-6, fontSize=11.5, color=tones["mute"]).encode(**text)
    )


def shares_by_week(rows: Sequence[dict[str, Any]], names: Sequence[str], before: str = "") -> Any:
    """What became of drafts, as shares of each week: rows of week, what, count, before_count; the first kind of the period before as a line."""
    tones = colours()
    weeks = mondays(rows)
    table = data({**row, "when": spoken(row["week"], "week"), "order": list(names).index(row["what"])} for row in rows)
    shades = [tones["acc"], tones["pale"], tones["soft"], tones["warn"], tones["bad"], tones["rest"]]
    x = along("week", weeks, padding=0.25)
    when = alt.Tooltip("when:N", title="Week")
    bars = (
        alt.Chart(table)
        .mark_bar(cornerRadius=1)
        .encode(
            x=x,
            y=alt.Y("count:Q", stack="normalize", title=None, axis=alt.Axis(format="%", grid=True, tickCount=4)),
            color=alt.Color("what:N", scale=alt.Scale(domain=list(names), range=shades), legend=alt.Legend(columns=2)),
            order=alt.Order("order:Q"),
            tooltip=[when, alt.Tooltip("what:N", title="Drafts"), alt.Tooltip("count:Q", title="Count", format=",")],
        )
    )  # fmt: skip
    line = [
        {"week": week, "when": spoken(week, "week"), "share": own / whole, "of": f"{own:,} of {whole:,}"}
        for week in weeks
        if (whole := sum(row.get("before_count") or 0 for row in rows if row["week"] == week))
        for own in [sum(row["before_count"] or 0 for row in rows if row["week"] == week and row["what"] == names[0])]
    ]
    if len(line) < 2:
        return bars
    tips = [when, alt.Tooltip("share:Q", title=f"{names[0]}, {before}", format=".1%"), alt.Tooltip("of:N", title="Drafts")]
    return bars + charts_before.line(line, x, alt.Y("share:Q"), f"{names[0]}, before", tips)  # a longer name would be cut off


def lines(rows: Sequence[dict[str, Any]], before: str = "") -> Any:
    """Shares by week: rows of week (its Monday), what, share (0 to 1 or None), basis, and before_share, before_basis of the period before."""
    tones = colours()
    kinds = list(dict.fromkeys(row["what"] for row in rows))
    weeks = mondays(rows)
    known = [share for row in rows for share in (row["share"], row.get("before_share")) if share is not None]
    floor = max(0.0, math.floor(min(known, default=0.0) * 10 - 0.5) / 10)  # where shares are high, their changes would be flat
    rows = [{**row, "when": spoken(row["week"], "week")} for row in rows]
    x = along("week", weeks)
    scale = alt.Scale(domain=[floor, 1], nice=False)
    axis = alt.Axis(format="%", grid=True, tickCount=4)
    colour = alt.Color(
        "what:N", scale=alt.Scale(domain=kinds, range=[tones["acc"], tones["soft"]]), legend=alt.Legend(symbolOpacity=1)
    )
    when, what = alt.Tooltip("when:N", title="Week"), alt.Tooltip("what:N", title="Target")
    tips = [alt.Tooltip("share:Q", title="Inside", format=".1%"), alt.Tooltip("basis:N", title="Tickets")]
    was = [alt.Tooltip("before_share:Q", title=before, format=".1%"), alt.Tooltip("before_basis:N", title="Tickets then")]
    then = [row for row in rows if row.get("before_share") is not None]
    drawn = (
        alt.Chart(data(row for row in rows if row["share"] is not None))
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=28, filled=True))
        .encode(x=x, y=alt.Y("share:Q", title=None, scale=scale, axis=axis), color=colour, tooltip=[when, what, *tips, *(was if then else [])])
    )  # fmt: skip
    if len({row["week"] for row in then}) < 2:
        return drawn
    y = alt.Y("before_share:Q", title=None, scale=scale, axis=axis)
    return charts_before.line(then, x, y, before, [when, what, *was], colour=colour) + drawn  # what is, above what was


def latencies(rows: Sequence[dict[str, Any]]) -> Any:
    """Median (dark) to 95th percentile (pale) of each agent and tool: rows of name, p50, p95, calls, in milliseconds."""
    tones = colours()
    table = data(rows)
    order = [row["name"] for row in rows]
    tips = [alt.Tooltip("name:N", title="Who"), alt.Tooltip("calls:Q", title="Calls", format=","), alt.Tooltip("half:N", title="p50"), alt.Tooltip("most:N", title="p95"), alt.Tooltip("worst:N", title="p99")]  # fmt: skip
    axis = alt.Axis(labelColor=tones["ink"], labelFontSize=12, labelLimit=150)
    scale = alt.Scale(type="sqrt")
    y = alt.Y("name:N", sort=order, title=None, axis=axis)
    pale = alt.Chart(table).mark_bar(cornerRadius=3, height={"band": 0.58}, color=tones["pale"]).encode(x=alt.X("p95:Q", title=None, scale=scale, axis=_NO_AXIS), y=y, tooltip=tips)  # fmt: skip
    dark = alt.Chart(table).mark_bar(cornerRadius=3, height={"band": 0.58}, color=tones["acc"]).encode(x=alt.X("p50:Q", title=None, scale=scale), y=y, tooltip=tips)  # fmt: skip
    text = (
        alt.Chart(table)
        .mark_text(align="left", dx=5, fontSize=12, color=tones["mute"])
        .encode(x=alt.X("p95:Q", scale=scale), y=y, text=alt.Text("label:N"))
    )
    return alt.layer(pale, dark, text)


def answer_over_time(rows: Sequence[dict[str, Any]], title: str, unit: str) -> Any:
    """An answer's number over time: rows of time (a day, or the first of a week or month), what and value; `unit` is day, week or month."""
    tones = colours()
    kinds = list(dict.fromkeys(row["what"] for row in rows))
    shades = [tones[name] for name in ("acc", "warn", "soft", "bad", "pale", "rest")]
    table = data({**row, "time": f"{row['time']}T00:00:00"} for row in rows)
    written = "%b %Y" if unit == "month" else "%-d %b"
    return (
        alt.Chart(table)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=28, filled=True))
        .encode(
            x=alt.X("time:T", title=None, axis=alt.Axis(format=written, tickCount=6, labelOverlap=True)),
            y=alt.Y("value:Q", title=title, axis=alt.Axis(grid=True, tickCount=4)),
            color=alt.Color("what:N", scale=alt.Scale(domain=kinds, range=shades[: len(kinds)]), legend=alt.Legend() if len(kinds) > 1 else None),
            tooltip=[alt.Tooltip("time:T", title=unit.capitalize(), format=written), *([alt.Tooltip("what:N", title="Of")] if len(kinds) > 1 else []), alt.Tooltip("value:Q", title=title)],
        )
    )  # fmt: skip


def answer_bars(rows: Sequence[dict[str, Any]], title: str) -> Any:
    """An answer's number by category, in the order it came: rows of what, value and shown (the number in words)."""
    tones = colours()
    order = [row["what"] for row in rows]
    table = data(rows)
    most = max((float(row["value"]) for row in rows), default=0.0) or 1.0
    y = alt.Y("what:N", sort=order, title=None, axis=alt.Axis(labelColor=tones["ink"], labelFontSize=12, labelLimit=190))
    x = alt.X(
        "value:Q",
        title=None,
        axis=_NO_AXIS,
        scale=alt.Scale(domain=[min(0.0, *(float(row["value"]) for row in rows)), most * 1.12]),
    )
    tips = [alt.Tooltip("what:N", title="Of"), alt.Tooltip("shown:N", title=title)]
    bars = alt.Chart(table).mark_bar(cornerRadius=3, height={"band": 0.62}, color=tones["acc"]).encode(x=x, y=y, tooltip=tips)
    text = (
        alt.Chart(table)
        .mark_text(align="left", dx=5, fontSize=12, color=tones["mute"])
        .encode(x=alt.X("value:Q"), y=alt.Y("what:N", sort=order), text=alt.Text("shown:N"))
    )
    return alt.layer(bars, text)
