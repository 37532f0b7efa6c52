"""A chart to take along: its picture as PNG, made on this machine, and its data as CSV."""

import csv as csv_files
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pages.parts import chart_style

_WIDTH, _SCALE = 860, 2.0  # pixels of the chart, and pixels of the picture for each of them
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Taken:
    """A chart and its rows, what it shows, over which time and cases, and how high it is drawn, in pixels."""

    chart: Any
    rows: Sequence[Mapping[str, Any]]
    title: str
    note: str = ""
    height: int = 260


def png(taken: Taken, tones: Mapping[str, str]) -> bytes:
    """The chart with its title on the desk's own background; nothing is fetched from anywhere."""
    import vl_convert  # loads a JavaScript engine, which most processes never need

    title = {
        "text": taken.title, "subtitle": [taken.note] if taken.note else [], "anchor": "start", "fontSize": 15, "subtitleFontSize": 12,
        "offset": 12, "color": tones["ink"], "subtitleColor": tones["mute"],
    }  # fmt: skip
    more = {"title": title, "width": _WIDTH, "padding": 18}
    drawn = chart_style.styled(taken.chart, tones, height=taken.height, background=tones["card"], **more)
    picture: bytes = vl_convert.vegalite_to_png(drawn, scale=_SCALE, allowed_base_urls=[])
    return picture


def csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV with a heading; what a spreadsheet would take for a formula is marked as text."""
    out = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv_files.writer(out)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
