"""What a person does with an incident: quiet words under its head, and the small form of each; one is open at a time."""

from collections.abc import Callable

import streamlit as st
from sqlmodel import Session

from pages.parts import keymap, office, state, words
from triage.incidents import keeping
from triage.incidents import view as incidents
from triage.incidents.view import IncidentView
from triage.models import User

SUBMIT = keymap.COMMIT


def tools(view: IncidentView, user: User) -> None:
    """Rename, put in, take out, split, merge, end, dissolve."""
    if not view.live:
        return
    number = view.incident.id or 0
    forms: dict[str, tuple[str, Callable[[], None], Callable[[Session], object], str]] = {
        "rename": ("Rename", lambda: _title(view), lambda s: keeping.rename(s, user, number, _value("title", number)), "Renamed."),
        "add": ("Put a ticket in", lambda: _ticket(number), lambda s: keeping.add(s, user, number, int(_value("ticket", number) or 0)), "Put in."),
        "take_out": ("Take out", lambda: _some(view), lambda s: _take_out(s, user, number), "Taken out."),
        "split": ("Split", lambda: _some(view, title=True), lambda s: _split(s, user, number), "Split."),
        "merge": ("Merge", lambda: _other(number), lambda s: keeping.merge(s, user, number, int(_value("other", number) or 0)), "Merged."),
    }  # fmt: skip
    with st.container(key="tools", horizontal=True):
        for name, (label, *_) in forms.items():
            st.button(label, key=f"td_incident_{name}", on_click=state.open_panel, args=(_panel(name), number))
        if view.incident.state == "open":
            st.button(
                "It is over", key="td_incident_end", on_click=office.act, args=(lambda s: keeping.end(s, user, number), "Over.")
            )
            st.button("Dissolve", key="td_incident_dissolve", on_click=office.act, args=(lambda s: keeping.dissolve(s, user, number), "Dissolved."))  # fmt: skip
    opened = state.panel()
    name = opened[0].removeprefix("incident-") if opened and opened[1] == number and opened[0].startswith("incident-") else ""
    if name in forms:
        label, fields, change, done = forms[name]
        with st.container(key="panel"):
            fields()
            with st.container(horizontal=True):
                st.button(label, key="td_submit", type="primary", shortcut=SUBMIT, on_click=_do, args=(change, done))
                st.button("Cancel", key="td_cancel", on_click=state.close_panel)


def choose(ticket_id: int) -> None:
    """On a ticket: which incident it belongs to, or a new one."""
    names = {card.id: card.title for card in office.read(incidents.alive)}
    st.selectbox(
        "Which incident?", [None, *names], format_func=lambda number: names.get(number, "A new incident"), key=f"td_to_incident_{ticket_id}"
    )  # fmt: skip


def put_in(user: User, ticket_id: int) -> Callable[[Session], object]:
    """What puts the ticket into the chosen incident, or begins one with it."""
    chosen = st.session_state.get(f"td_to_incident_{ticket_id}")
    if chosen is None:
        return lambda session: keeping.start(session, user, [ticket_id])
    return lambda session: keeping.add(session, user, int(chosen), ticket_id)


def is_open(number: int) -> bool:
    """Whether one of these forms is open; Ctrl+Enter belongs to it then."""
    opened = state.panel()
    return opened is not None and opened[1] == number and opened[0].startswith("incident-")


def _panel(name: str) -> str:
    return f"incident-{name}"


def _do(change: Callable[[Session], object], done: str) -> None:
    if office.do(change):
        state.close_panel()
        office.toast(done)


def _value(name: str, number: int) -> str:
    return str(st.session_state.get(f"td_incident_{name}_{number}") or "")


def _title(view: IncidentView) -> None:
    st.text_input("Name of the incident", value=view.incident.title, key=f"td_incident_title_{view.incident.id}", max_chars=120)


def _ticket(number: int) -> None:
    st.number_input("Number of the ticket", min_value=1, step=1, value=None, key=f"td_incident_ticket_{number}")


def _some(view: IncidentView, *, title: bool = False) -> None:
    number = view.incident.id
    names = {
        ticket.id: f"#{ticket.id} {ticket.requester_name or ticket.requester_email}: {ticket.subject}" for ticket in view.members
    }
    st.multiselect("Which tickets?", list(names), format_func=lambda ticket: names[ticket], key=f"td_incident_some_{number}")
    if title:
        st.text_input("Name of the new incident", key=f"td_incident_new_{number}", max_chars=120)


def _other(number: int) -> None:
    others = {
        card.id: f"{card.title} ({words.plural(card.tickets, 'ticket')})"
        for card in office.read(incidents.alive)
        if card.id != number
    }
    st.selectbox(
        "Take in all tickets of", [None, *others], format_func=lambda other: others.get(other, "Choose an incident"),
        key=f"td_incident_other_{number}",
    )  # fmt: skip


def _chosen(number: int) -> list[int]:
    return list(st.session_state.get(f"td_incident_some_{number}") or [])


def _take_out(session: Session, user: User, number: int) -> None:
    for ticket in _chosen(number):
        keeping.take_out(session, user, number, ticket)


def _split(session: Session, user: User, number: int) -> None:
    keeping.split(session, user, number, _chosen(number), _value("new", number))
