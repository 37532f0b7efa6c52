"""The desk's switches as widgets: administrators turn them, managers read how they stand."""

import streamlit as st

from pages.parts import office, words
from pages.parts.markup import mute, show, tag
from triage import administration, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.administration import SwitchRow
from triage.models import User

_TITLES = {
    "every_draft_needs_manager": "Every draft needs a manager",
    "articles_need_review": "Articles need a review",
    "unsupported_needs_manager": "Unsupported sentences need a manager",
    "minimum_confidence": "Least confidence for an answer",
    "extra_escalation_phrases": "Phrases that always go to a person",
    "allowed_link_hosts": "Hosts that replies may link to",
    "cover_personal_data": "Model services get placeholders",
    "signature": "Signature",
    "ask_for_rating": "Ask customers how it went",
    "rating_delay_hours": "Hours until they are asked",
    "low_rating_reopens": "A low rating opens the ticket again",
    "recording": "What recorded runs keep",
    "recording_days": "Days that they keep it",
    "exercises_per_100": "Exercises among 100 decisions",
}
_AMOUNTS = {"rating_delay_hours": 720.0, "recording_days": 3_650.0, "exercises_per_100": 20.0}
"""Numbers that are no share between 0 and 1, with the largest that is taken."""


def switches(user: User, keys: tuple[str, ...]) -> None:
    """Each switch with what it does; a change counts at once."""
    editor = access.may(user, Permission.EDIT_MACHINERY)
    for row in office.read(lambda session: administration.switches(session, user, keys)):
        with st.container(key=f"switch_{row.key}"):
            _switch(user, row, editor)


def _switch(user: User, row: SwitchRow, editor: bool) -> None:
    key, title = f"turn_{row.key}", _TITLES.get(row.key, words.label(row.key))
    by = f" Last turned by {row.by}." if row.by else ""
    if not editor:
        show(tag("div", tag("b", title), ": ", _words(row.value), tag("div", mute(row.help + by)), cls="td-item"))
        return
    value = row.value
    if isinstance(value, bool):
        st.session_state[key] = value
        st.toggle(title, key=key, on_change=_turn, args=(user, row.key, key))
    elif row.key in _AMOUNTS and isinstance(value, int | float):
        st.session_state[key] = float(value)
        st.number_input(title, 0.0, _AMOUNTS[row.key], step=1.0, format="%g", key=key, on_change=_turn, args=(user, row.key, key))
    elif row.key in workspace.CHOICES:
        st.session_state[key] = value
        st.selectbox(title, workspace.CHOICES[row.key], key=key, on_change=_turn, args=(user, row.key, key))
    elif isinstance(value, int | float):
        st.session_state[key] = float(value)
        st.slider(title, 0.0, 1.0, step=0.05, key=key, on_change=_turn, args=(user, row.key, key))
    elif isinstance(value, list):
        st.text_area(
            title,
            "\n".join(map(str, value)),
            key=key,
            height=90,
            placeholder="One a line",
            on_change=_turn,
            args=(user, row.key, key),
        )
    else:
        st.text_input(title, str(value), key=key, on_change=_turn, args=(user, row.key, key))
    show(mute(row.help + by))


def _turn(user: User, name: str, key: str) -> None:
    value = st.session_state[key]
    wanted = (
        value.splitlines() if isinstance(value, str) and name in ("extra_escalation_phrases", "allowed_link_hosts") else value
    )
    office.act(lambda session: administration.turn(session, user, name, wanted), f"{_TITLES.get(name, name)}: saved.")


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none beside the built-in ones"
    return str(value) or "not set"
