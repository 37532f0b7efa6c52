"""What lives in the page between draws: the browser's own copy of a text being typed, the focus, the lit sentence, the clock."""

from collections.abc import Callable

import streamlit as st

from pages.parts import state
from pages.parts.theme import asset

_component = st.components.v2.component("triage_live", html="<i></i>", js=asset("live.js"))


def live(ticket_id: int | None, approve: Callable[[], None]) -> None:
    """Mounted once, at the end of the inbox; `approve` is what the key for approving and staying does."""
    forget = list(state.forgotten())
    panel = state.panel()
    opened = panel[0] if panel and panel[1] == ticket_id else "edit" if ticket_id in state.editing() else ""
    with st.container(key="live"):
        _component(
            key="td_live",
            data={"ticket": ticket_id, "typed": ticket_id in state.typed(), "forget": forget, "open": opened},
            on_approve_change=approve,
            on_restored_change=_restore,
        )
    del state.forgotten()[: len(forget)]  # only now: a draw that is broken off before has told the browser nothing


def _restore() -> None:
    """The tab was reloaded while somebody typed: the text comes back."""
    found = st.session_state["td_live"].get("restored")
    if not isinstance(found, dict) or not isinstance(found.get("text"), str) or not isinstance(found.get("ticket"), int):
        return
    ticket_id = found["ticket"]
    state.typed()[ticket_id] = state.Typed(found["text"], None)
    state.editing().add(ticket_id)
    state.say("info", "Your text is back", "You were writing this before the page was loaded again.")
