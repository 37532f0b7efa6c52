"""How every chart looks: the desk's own colours and fonts, light and dark; and how one comes onto the page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt
import streamlit as st
from altair.utils import schemapi

_LIGHT = {"ink": "#1c2430", "mute": "#5d697c", "line": "#e3e6eb", "acc": "#0f766e", "soft": "#94a3b8", "warn": "#d97706", "bad": "#b42318", "pale": "#c9ebe5", "rest": "#dfe4ea", "card": "#ffffff", "faint": "#f1f5f4"}  # fmt: skip
_DARK = {"ink": "#e6eaf0", "mute": "#9aa6b8", "line": "#2b3340", "acc": "#2dd4bf", "soft": "#64748b", "warn": "#f0b35a", "bad": "#f38b80", "pale": "#12584f", "rest": "#3a4453", "card": "#1a2029", "faint": "#212a33"}  # fmt: skip
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"

schemapi.disable_debug_mode()  # else every part of a chart is held against Vega-Lite's schema each time it is drawn; tests do it


def colours() -> dict[str, str]:
    return _DARK if st.context.theme.type == "dark" else _LIGHT


def draw(chart: Any, *, height: int, key: str, selects: bool = False, alt_text: str = "") -> Any:
    """Put a chart on the page in the desk's style; with `selects`, returns what was clicked."""
    drawn = styled(chart, height=height)
    if not selects:
        st.vega_lite_chart(drawn, width="stretch", theme=None, key=key, alt=alt_text)
        return None
    return st.vega_lite_chart(
        drawn, width="stretch", theme=None, key=key, on_select="rerun", selection_mode="picked", alt=alt_text
    )


def styled(
    chart: Any, tones: Mapping[str, str] | None = None, *, height: int, background: str = "transparent", **more: Any
) -> dict[str, Any]:
    """The chart as Vega-Lite with the desk's fonts and colours; `more` are its properties on top, such as a title.

    `tones` are the page's unless given: a file is made when nobody looks at a page.
    """
    tones = tones or colours()
    config = {
        "font": _FONT,
        "view": {"stroke": None},
        "axis": {
            "labelColor": tones["mute"], "titleColor": tones["mute"], "domain": False, "ticks": False, "grid": False, "labelFontSize": 11.5,
            "gridColor": tones["line"], "labelPadding": 6, "titleFontWeight": "normal", "titleFontSize": 12,
        },
        "legend": {
            "labelColor": tones["mute"], "title": None, "labelFontSize": 12, "orient": "bottom", "symbolType": "square", "symbolSize": 90,
            "offset": 8,
        },
    }  # fmt: skip
    around = {
        "height": height,
        "background": background,
        "padding": {"left": 2, "right": 6, "top": 4, "bottom": 2},
        "config": config,
    }
    spec = chart.to_dict(validate=False)
    _put_in(spec, spec.pop("datasets", {}))
    return {**spec, **around, **more}


def _put_in(view: dict[str, Any], rows: Mapping[str, Any]) -> None:
    """Rows in the place of their names, in a chart and all of its layers."""
    if (name := view.get("data", {}).get("name")) in rows:
        view["data"] = {"values": rows[name]}
    for layer in view.get("layer", ()):
        _put_in(layer, rows)


def picked(event: Any) -> dict[str, Any]:
    """The fields of the mark that was clicked; empty when none was."""
    found = event.selection.get("picked") if event is not None else None
    return dict(found[0]) if found else {}


def data(rows: Iterable[dict[str, Any]]) -> Any:
    """Rows as they are: data of other kinds is looked through value by value."""
    return alt.InlineData(values=list(rows))


def picking(mark: str, *fields: str) -> Any:
    """The choice of one mark by a click on it: rect (bars, cells) or symbol (dots); lines and words beside them choose nothing."""
    return alt.selection_point(name="picked", fields=list(fields), on=f"{mark}:click", clear="dblclick")


def along(field: str, days: Sequence[str], *, padding: float = 0.1) -> Any:
    """An axis of days, or of Mondays, one after the other, also those without a mark; about seven of them are named."""
    step = (
        next(step for step in (1, 2, 7, 14, 28, 56) if len(days) <= 8 * step or step == 56)
        if field == "day"
        else -(-len(days) // 8)
    )
    first = (7 - date.fromisoformat(days[0]).weekday()) % 7 if field == "day" and step >= 7 else (len(days) - 1) % step
    written = "timeFormat(toDate(datum.value + 'T00:00:00'), '%-d %b')"
    axis = alt.Axis(values=list(days[first::step]), labelExpr=written, labelAngle=0, labelOverlap=True)
    return alt.X(
        f"{field}:O",
        title=None,
        axis=axis,
        scale=alt.Scale(type="band", domain=list(days), paddingInner=padding, paddingOuter=padding),
    )


def mondays(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Every week from the first to the last that rows have, by its Monday, also those of which there is no row."""
    found = [date.fromisoformat(str(row["week"])) for row in rows]
    return [(min(found) + timedelta(days=days)).isoformat() for days in range(0, (max(found) - min(found)).days + 1, 7)]


def spoken(day: str | date, unit: str = "day") -> str:
    """Fri 6 Nov, or the week of 2 Nov."""
    found = date.fromisoformat(str(day))
    return f"{found:%a %-d %b}" if unit == "day" else f"of {found:%-d %b %Y}"


def paler_unless(picked: Any, opacity: float = 0.45) -> Any:
    """Full where a mark is picked or none is, paler elsewhere."""
    return alt.OpacityValue(opacity, condition={"param": picked.name, "value": 1})
