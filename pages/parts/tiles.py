"""Tiles of figures: value, change, what it stands on, a line of its days; each opens what is behind it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from pages.parts.theme import asset

_component = st.components.v2.component(
    "triage_tiles", html='<div class="tl"></div>', css=asset("tiles.css"), js=asset("tiles.js")
)


@dataclass(frozen=True)
class Tile:
    """One figure. `tone` colours the change (o, b or ""); `line` colours the sparkline (acc, warn or bad), `before` is that of the period before."""

    id: str
    name: str
    value: str
    change: str = ""
    tone: str = ""
    note: str = ""
    title: str = ""
    points: Sequence[float | None] = ()
    before: Sequence[float | None] = ()
    line: str = "acc"
    faint: bool = False


def tiles(rows: Sequence[Tile], *, key: str) -> str | None:
    """Draw the tiles; returns the id of the one that was opened just now."""
    result = _component(key=key, data={"tiles": [asdict(tile) for tile in rows]}, on_open_change=lambda: None)
    opened = result.get("open")
    return str(opened) if opened is not None else None
