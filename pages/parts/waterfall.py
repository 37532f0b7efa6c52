"""One run as a waterfall: a bar a span or step, reachable by keyboard; a chosen step opens its input and output."""

from collections.abc import Sequence

import streamlit as st

from pages.parts.theme import asset
from triage.trace_tree import Bar

_component = st.components.v2.component(
    "triage_waterfall", html='<div class="wf"></div>', css=asset("waterfall.css"), js=asset("waterfall.js")
)
_STYLES = {"run": "root", "agent": "group", "wait": "wait", "tool": "soft", "retrieval": "soft", "guard": "soft"}


def waterfall(bars: Sequence[Bar], *, key: str, selected: int | None = None, open_steps: bool = True) -> int | None:
    """Draw the bars; returns the ordinal of the step that was chosen, or `selected`. `open_steps` False only shows them."""
    total = max((bar.start + bar.seconds for bar in bars), default=0.0)
    held = st.session_state.get(key)
    selected = (
        held["step"] if held and held.get("step") is not None else selected
    )  # what was chosen just now is newer than the address
    data = {"bars": [_plain(bar) for bar in bars], "total": total, "selected": selected, "open": open_steps}
    result = _component(key=key, data=data, default={"step": selected}, on_step_change=lambda: None)
    chosen = result.get("step")
    return int(chosen) if isinstance(chosen, int | float) else selected


def _plain(bar: Bar) -> dict[str, object]:
    return {
        "label": bar.label, "style": _STYLES.get(bar.what, ""), "role": bar.role or "none", "start": bar.start, "seconds": bar.seconds,
        "depth": bar.depth, "tokens": bar.tokens, "cost": bar.cost_usd, "ordinal": bar.ordinal, "error": bar.error, "back": bar.read_back,
    }  # fmt: skip
