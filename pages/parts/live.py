"""What lives in the page between draws: what the browser alone knows of a text, the focus, the lit sentence, the clock."""

from collections.abc import Callable

import streamlit as st

from pages.parts import composer, state
from pages.parts.theme import asset
from triage.models import User

_component = st.components.v2.component("triage_live", html="<i></i>", js=asset("live.js"))


def live(user: User, ticket_id: int | None, approve: Callable[[], None], *, waits: bool) -> None:
    """Mounted once, at the end of the inbox; `approve` is what the key for approving and staying does, `waits` whether a
    draft waits for a decision.
    """
    forget = list(state.forgotten())
    panel = state.panel()
    opened = panel[0] if panel and panel[1] == ticket_id else "edit" if ticket_id in state.editing() else ""
    places = composer.slots(user, ticket_id) if ticket_id else {}
    with st.container(key="live"):
        _component(
            key="td_live",
            data={
                "ticket": ticket_id,
                "session": state.session(),
                "slots": {name: place for name, place in places.items() if ticket_id not in state.written(name)},
                "arrived": composer.arrived(user, ticket_id) if ticket_id else {},
                "forget": [composer.slot(user, name, number) for name, number in forget],
                "open": opened,
            },
            on_approve_change=approve,
            on_restored_change=lambda: _restore(waits),
        )
    del state.forgotten()[: len(forget)]  # only now: a draw that is broken off before has told the browser nothing


def _restore(waits: bool) -> None:
    """The person typed what has not come to the desk: the tab was loaded again, or left, before it could."""
    found = st.session_state["td_live"].get("restored")
    if isinstance(found, dict) and isinstance(found.get("ticket"), int) and isinstance(found.get("texts"), dict):
        composer.restore(found["ticket"], found["texts"], waits=waits)
