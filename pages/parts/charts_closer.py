"""The charts of a closer look: people alone beside drafts, load by hour, reasons by week, confidence."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from pages.parts import charts_before
from pages.parts.chart_style import along, colours, data, mondays, paler_unless, picking, spoken
from triage.learning.metrics import wording as figures


def dumbbells(rows: Sequence[dict[str, Any]]) -> Any:
    """Median times of two ways of working, joined by a line: rows of matter, people_alone_seconds, with_a_draft_seconds, change_share."""
    tones = colours()
    order = [row["matter"] for row in rows]
    kinds = {"with a draft": ("with_a_draft", tones["acc"]), "people alone": ("people_alone", tones["soft"])}
    ends = [
        {**row, "kind": kind, "hours": row[f"{field}_seconds"] / 3600, "took": figures.seconds(row[f"{field}_seconds"]), "tickets": row[field]}
        for row in rows for kind, (field, _) in kinds.items()
    ]  # fmt: skip
    shortest = min(end["hours"] for end in ends)  # from half of it on there is room for differences, and they stay in proportion
    y = alt.Y("matter:N", sort=order, title=None, axis=alt.Axis(labelColor=tones["ink"], labelFontSize=12, labelLimit=150))
    x = alt.X(
        "hours:Q",
        title=None,
        axis=alt.Axis(format="~g", labelExpr="datum.label + ' h'", grid=True, tickCount=5),
        scale=alt.Scale(zero=False, domainMin=shortest // 2, nice=True, padding=12),
    )
    tips = [
        alt.Tooltip("matter:N", title="Matter"),
        alt.Tooltip("kind:N", title="By"),
        alt.Tooltip("took:N", title="Median"),
        alt.Tooltip("tickets:Q", title="Tickets"),
    ]
    between = alt.Chart(data(ends)).mark_line(strokeWidth=3, color=tones["line"]).encode(x=x, y=y, detail="matter:N")
    dots = (
        alt.Chart(data(ends))
        .mark_circle(size=110, opacity=1)
        .encode(
            x=x,
            y=y,
            tooltip=tips,
            color=alt.Color("kind:N", scale=alt.Scale(domain=list(kinds), range=[tone for _, tone in kinds.values()])),
        )
    )
    changes = alt.Chart(
        data(
            {
                **row,
                "hours": max(row["people_alone_seconds"], row["with_a_draft_seconds"]) / 3600,
                "said": figures.claimed("change", row["change_share"]),
            }
            for row in rows
        )
    )
    text = changes.mark_text(align="left", dx=11, fontSize=12, color=tones["mute"]).encode(x=x, y=y, text="said:N")
    return between + dots + text


def heat(rows: Sequence[dict[str, Any]], weekdays: Sequence[str]) -> Any:
    """Load by hour of the week, its numbers in the cells: rows of weekday, hour, messages, times, an_hour (a mean)."""
    tones = colours()
    most = max(row["an_hour"] for row in rows)
    pick = picking("rect", "weekday", "hour")
    x = alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True, orient="top"), scale=alt.Scale(padding=0.04))
    y = alt.Y("weekday:O", sort=list(weekdays), title=None, axis=alt.Axis(labelColor=tones["ink"]), scale=alt.Scale(padding=0.06))
    tips = [
        alt.Tooltip("weekday:O", title="On"),
        alt.Tooltip("hour:O", title="From"),
        alt.Tooltip("an_hour:Q", title="Messages an hour"),
        alt.Tooltip("messages:Q", title="Messages"),
        alt.Tooltip("times:Q", title="Such hours"),
    ]
    cells = (
        alt.Chart(data(rows))
        .mark_rect(cornerRadius=3, cursor="pointer")
        .encode(
            x=x,
            y=y,
            tooltip=tips,
            color=alt.Color("an_hour:Q", legend=None, scale=alt.Scale(domain=[0, most], range=[tones["faint"], tones["acc"]])),
            opacity=paler_unless(pick, 0.55),
        )
        .add_params(pick)
    )
    dark = alt.condition(f"datum.an_hour > {0.55 * most}", alt.value(tones["card"]), alt.value(tones["ink"]))
    text = (
        alt.Chart(data(row for row in rows if row["messages"]))
        .mark_text(fontSize=11)
        .encode(x=x, y=y, color=dark, text=alt.Text("an_hour:Q", format=".1f" if most < 10 else ".0f"))
    )
    return cells + text


def reasons_by_week(rows: Sequence[dict[str, Any]], before: str = "") -> Any:
    """Cases by week, stacked by reason, with all cases of the period before as a line: rows of week (its Monday), reason, cases,
    of (all that could have been one in that week), before_cases."""
    tones = colours()
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["reason"]] = sums.get(row["reason"], 0) + row["cases"]
    order = sorted(sums, key=lambda reason: (-sums[reason], reason))
    shades = [tones[name] for name in ("warn", "acc", "soft", "bad", "pale", "rest", "mute")]
    weeks = mondays(rows)
    pick = picking("rect", "week", "reason")
    x = along("week", weeks, padding=0.25)
    y = alt.Y("cases:Q", title=None, axis=alt.Axis(grid=True, tickCount=4, tickMinStep=1))
    when = alt.Tooltip("when:N", title="Week")
    tips = [
        when,
        alt.Tooltip("reason:N", title="Reason"),
        alt.Tooltip("cases:Q", title="Cases", format=","),
        alt.Tooltip("of:Q", title="Out of", format=","),
    ]
    line = _all_before(rows, weeks)
    if line:
        tips.append(alt.Tooltip("before_cases:Q", title=before, format=","))
    bars = (
        alt.Chart(data({**row, "when": spoken(row["week"], "week"), "order": order.index(row["reason"])} for row in rows))
        .mark_bar(cornerRadius=1, cursor="pointer")
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "reason:N",
                scale=alt.Scale(domain=order, range=[shades[n % len(shades)] for n in range(len(order))]),
                legend=alt.Legend(columns=3),
            ),
            order=alt.Order("order:Q"),
            opacity=paler_unless(pick),
            tooltip=tips,
        )
        .add_params(pick)
    )
    if len(line) < 2:
        return bars
    own = [when, alt.Tooltip("was:Q", title=before, format=","), alt.Tooltip("now:Q", title="All cases", format=",")]
    return bars + charts_before.line(line, x, alt.Y("was:Q"), before, own)


def _all_before(rows: Sequence[dict[str, Any]], weeks: Sequence[str]) -> list[dict[str, Any]]:
    """All cases of each week, and of the one in the period before, from the first week on that has one to be held against."""
    told = [row for row in rows if row.get("before_cases") is not None]
    first = min((row["week"] for row in told), default="~")
    return [
        {
            "week": week, "when": spoken(week, "week"), "was": sum(row["before_cases"] for row in told if row["week"] == week),
            "now": sum(row["cases"] for row in rows if row["week"] == week),
        }
        for week in weeks if week >= first
    ]  # fmt: skip


def reliability(rows: Sequence[dict[str, Any]]) -> Any:
    """How often drafts are kept, by how sure the desk was: rows of sure, middle_share, kept_share, low, high (0 to 1), kept, decided, verdict."""
    tones = colours()
    axis = alt.Axis(format="%", grid=True, tickCount=5)
    pick = picking("symbol", "sure")
    ideal = alt.Chart(data([{"at": 0.0, "said": ""}, {"at": 1.0, "said": ""}]))
    line = ideal.mark_line(strokeDash=[4, 4], color=tones["soft"]).encode(x="at:Q", y="at:Q")
    x = alt.X("middle_share:Q", title="how sure the desk was", scale=alt.Scale(domain=[0, 1]), axis=axis)
    span = (
        alt.Chart(data(rows))
        .mark_rule(strokeWidth=2, color=tones["acc"])
        .encode(x=x, y=alt.Y("low:Q", title="kept by people", scale=alt.Scale(domain=[0, 1]), axis=axis), y2="high:Q")
    )
    tips = [
        alt.Tooltip("sure:N", title="Sure"),
        alt.Tooltip("kept_share:Q", title="Kept", format=".1%"),
        alt.Tooltip("kept:Q", title="Drafts kept", format=","),
        alt.Tooltip("decided:Q", title="Decided", format=","),
        alt.Tooltip("verdict:N", title="So it is"),
    ]
    dots = (
        alt.Chart(data(rows))
        .mark_circle(size=130, opacity=1, color=tones["acc"], cursor="pointer")
        .encode(x=x, y="kept_share:Q", tooltip=tips, opacity=paler_unless(pick))
        .add_params(pick)
    )
    return alt.layer(line, _of_the_line(), span, dots, *_verdicts(rows, x))


def _of_the_line() -> Any:
    """What the line says, beside it."""
    said = alt.Chart(data([{"at": 0.34, "said": "on this line: as sure as it is right"}]))
    words = said.mark_text(align="left", dx=14, dy=4, fontSize=11.5, color=colours()["mute"])
    return words.encode(x="at:Q", y="at:Q", text="said:N")


def _verdicts(rows: Sequence[dict[str, Any]], x: Any) -> list[Any]:
    """What each dot says in words, on the side of it that is away from the line and has room, beyond its interval."""
    tones = colours()
    layers = []
    for above in (True, False):
        own = [row for row in rows if (row["kept_share"] >= row["middle_share"] or row["low"] < 0.2) == above]
        told = [{**row, "said": [row["verdict"], f"{row['kept']:,} of {row['decided']:,}"]} for row in own]
        words = alt.Chart(data(told)).mark_text(
            baseline="bottom" if above else "top", dy=-22 if above else 9, lineHeight=14, fontSize=12, color=tones["mute"]
        )
        if told:
            layers.append(words.encode(x=x, y=alt.Y("high:Q" if above else "low:Q"), text="said:N"))
    return layers
