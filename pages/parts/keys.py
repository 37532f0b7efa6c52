"""Keys of the review desk and the browser's own copy of a text being typed."""

from collections.abc import Callable

import streamlit as st

from pages.parts import state
from pages.parts.markup import join, show, tag
from pages.parts.theme import asset

KEYS = [
    ("J  K", "next, previous ticket"),
    ("Ctrl Enter", "approve and open the next; in a form: send the form"),
    ("A", "approve and stay"),
    ("E", "edit the draft"),
    ("Q", "request changes"),
    ("D", "reject"),
    ("U", "show the next sentence without a source; again: take responsibility for it"),
    ("X", "select in the queue"),
    ("B", "review drafts that are alike"),
    ("Z", "undo sending"),
    ("F  Y  V", "after sending with changes: article fix, style rule, evaluation case"),
    ("1 – 4", "evidence, customer, why, history"),
    ("/", "search"),
    ("H", "this list"),
]

_component = st.components.v2.component("triage_keys", html="<i></i>", js=asset("keys.js"))


def keys(ticket_id: int | None, approve: Callable[[], None]) -> None:
    """Mounted once on the inbox. No key acts while a person types or a dialog is open."""
    forget = list(state.forgotten())
    panel = state.panel()
    opened = panel[0] if panel and panel[1] == ticket_id else "edit" if ticket_id in state.editing() else ""
    with st.container(key="keys"):
        _component(
            key="td_keys",
            data={"ticket": ticket_id, "typed": ticket_id in state.typed(), "forget": forget, "open": opened},
            on_approve_change=approve,
            on_help_change=_asked_for_help,
            on_restored_change=_restore,
        )
    del state.forgotten()[: len(forget)]  # only now: a draw that is broken off before has told the browser nothing
    if state.get("help"):
        state.put("help", False)
        _help()


def _asked_for_help() -> None:
    state.put("help", True)


def _restore() -> None:
    """The tab was reloaded while somebody typed: the text comes back."""
    found = st.session_state["td_keys"].get("restored")
    if not isinstance(found, dict) or not isinstance(found.get("text"), str) or not isinstance(found.get("ticket"), int):
        return
    ticket_id = found["ticket"]
    state.typed()[ticket_id] = state.Typed(found["text"], None)
    state.editing().add(ticket_id)
    state.say("info", "Your text is back", "You were writing this before the page was loaded again.")


@st.dialog("Keys")
def _help() -> None:
    show(tag("div", *[join(tag("span", tag("kbd", key)), tag("span", text)) for key, text in KEYS], cls="td-keys"))
