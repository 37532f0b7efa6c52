"""The period before in a chart: a quiet dashed line, named in the legend and wherever the pointer rests on it."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from pages.parts.chart_style import colours, data

_DASH = [4, 3]


def line(rows: Sequence[dict[str, Any]], x: Any, y: Any, name: str, tips: Sequence[Any], *, colour: Any = None) -> Any:
    """Layers for on top of a chart: the line on a pale seam, so that it is seen on bars too, and points to rest on. One day makes no line.

    `name` is what the legend calls it; `colour` an encoding that tells several lines apart, else it is grey.
    """
    tones = colours()
    own = alt.value(tones["ink"]) if colour is None else colour
    base = alt.Chart(data({**row, "period": name} for row in rows)).encode(x=x, y=y)
    if colour is not None:
        base = base.encode(detail=colour.shorthand)
    dash = alt.StrokeDash("period:N", scale=alt.Scale(domain=[name], range=[_DASH]), legend=alt.Legend(symbolType="stroke", symbolStrokeColor=tones["mute"]))  # fmt: skip
    seam = base.mark_line(strokeWidth=3.5, color=tones["card"], opacity=0.7)
    dashed = base.mark_line(strokeWidth=1.5, opacity=0.75).encode(strokeDash=dash, color=own)
    points = base.mark_point(size=70, filled=True, opacity=0).encode(tooltip=list(tips))
    return seam + dashed + points
