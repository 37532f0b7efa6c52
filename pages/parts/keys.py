"""The keyboard of every screen: what keymap.py lists, the command palette, the list of keys, and a voice for screen readers."""

from collections.abc import Callable

import streamlit as st

from pages.parts import keymap, queue, state
from pages.parts.theme import asset
from triage.models import User
from triage.tickets.inbox import View

_HTML = """<div class="say" role="status" aria-live="polite"></div>
<dialog class="palette" aria-label="Commands"><input type="text" role="combobox" aria-expanded="true" aria-controls="commands"
aria-autocomplete="list" aria-label="Command, screen, view or ticket" placeholder="What do you want to do? A ticket’s number works, too"
autocomplete="off" spellcheck="false"><ul id="commands" role="listbox" aria-label="Commands"></ul></dialog>
<dialog class="sheet" aria-labelledby="sheet-title"><header><h2 id="sheet-title">Keys</h2>
<button type="button" class="close">Close</button></header><div class="keys"></div>
<footer><span>No key acts while you type. Esc leaves a field, then closes its form.</span>
<button type="button" class="tour">Show the tour</button></footer></dialog>"""

_component = st.components.v2.component(
    "triage_keys", html=_HTML, css=asset("keys.css"), js=asset("palette.js") + asset("keys.js")
)


def keys(user: User, inbox: bool, to_inbox: Callable[[dict[str, str]], None]) -> None:
    """Mounted once on every screen, before it. `to_inbox` leads to the inbox with parameters for its address."""
    with st.container(key="keys"):
        _component(
            key="td_keys", data={"keys": keymap.for_browser(), "user": user.id},
            on_go_change=_go, on_find_change=_find, on_tour_change=lambda: _tour(inbox),
        )  # fmt: skip
    if (wanted := state.get("wanted")) is not None:
        to_inbox(wanted)
        state.take("wanted")  # only now: a newer event may break this run off before


def _event(name: str) -> object:
    return st.session_state["td_keys"].get(name)


def _go() -> None:
    if isinstance(number := _event("go"), int) and number > 0:
        state.put("wanted", {queue.FILTER: View.ALL.value, queue.TICKET: str(number)})


def _tour(inbox: bool) -> None:
    state.put("tour", 0)
    if not inbox:
        state.put("wanted", {})


def _find() -> None:
    if text := str(_event("find") or "").strip():
        state.put("wanted", {queue.FIND: text})
