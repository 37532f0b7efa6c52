"""One run as a waterfall: a bar a span or step, reachable by keyboard; a chosen step opens its input and output."""

from collections.abc import Callable, Collection, Mapping, Sequence

import streamlit as st

from pages.parts.theme import asset
from triage.trace_tree import Bar

_component = st.components.v2.component(
    "triage_waterfall", html='<div class="wf"></div>', css=asset("waterfall.css"), js=asset("waterfall.js")
)
_STYLES = {"run": "root", "agent": "group", "wait": "wait", "tool": "soft", "retrieval": "soft", "guard": "soft"}


def waterfall(
    bars: Sequence[Bar],
    *,
    key: str,
    selected: int | None = None,
    open_steps: bool = True,
    hits: Collection[int] = (),
    marks: Mapping[int, Sequence[str]] | None = None,
    choose: Callable[[int], None] | None = None,
) -> int | None:
    """Draw the bars; returns the ordinal of the step that was chosen, or `selected`.

    `open_steps` False only shows them; `hits` are lit as found, `marks` said beside a step's name. With `choose` the caller
    remembers what is chosen, and `selected` alone says it.
    """
    total = max((bar.start + bar.seconds for bar in bars), default=0.0)
    held = st.session_state.get(key)
    if choose is None and held and held.get("step") is not None:
        selected = held["step"]  # what was chosen just now is newer than what was chosen before
    data = {
        "bars": [_plain(bar, hits, marks or {}) for bar in bars], "total": total, "selected": selected, "open": open_steps,
        "told": choose is not None,
    }  # fmt: skip

    def chosen_now() -> None:
        step = st.session_state[key].get("chosen")
        if choose is not None and isinstance(step, int | float):
            choose(int(step))

    result = _component(key=key, data=data, default={"step": selected}, on_step_change=lambda: None, on_chosen_change=chosen_now)
    chosen = None if choose else result.get("step")
    return int(chosen) if isinstance(chosen, int | float) else selected


def _plain(bar: Bar, hits: Collection[int], marks: Mapping[int, Sequence[str]]) -> dict[str, object]:
    ordinal = -1 if bar.ordinal is None else bar.ordinal
    return {
        "label": bar.label, "style": _STYLES.get(bar.what, ""), "role": bar.role or "none", "start": bar.start, "seconds": bar.seconds,
        "depth": bar.depth, "tokens": bar.tokens, "cost": bar.cost_usd, "ordinal": bar.ordinal, "error": bar.error, "back": bar.read_back,
        "hit": ordinal in hits, "marks": list(marks.get(ordinal, ())),
    }  # fmt: skip
