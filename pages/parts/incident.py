"""An incident in the centre of the desk: what it is, one text for all its members, and who gets it."""

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import incident_forms, incident_members, incident_text, office, queue, state, words
from pages.parts.keymap import hint
from pages.parts.markup import card, join, mute, show, tag
from triage.errors import InputError
from triage.incidents import keeping
from triage.incidents import view as incidents
from triage.incidents.view import Happened, IncidentView
from triage.models import User

_STATES = {"proposed": "proposed", "open": "open", "over": "over", "dissolved": "dissolved"}


def load(incident_id: int) -> IncidentView | None:
    """The incident, or None when the address is wrong; the page is drawn again when it changes."""

    def read(session: Session) -> tuple[IncidentView, tuple[object, ...]]:
        return incidents.load(session, incident_id), incidents.pulse(session, incident_id)

    try:
        view, pulse = office.read(read)
    except InputError:
        return None
    state.put("incident_pulse", (incident_id, pulse))
    return view


def incident(view: IncidentView | None, user: User) -> None:
    """The middle pane."""
    if view is None:
        show(card(mute("It may have been merged; the address is wrong."), title="No such incident", tone="quiet"))
        return
    _head(view)
    incident_forms.tools(view, user)
    if view.incident.state == "proposed":
        _proposal(view, user)
    elif view.incident.state == "open":
        incident_text.text(view, user)
    incident_members.members(view, user)


def side(view: IncidentView | None) -> None:
    """The right pane: what the text rests on, what is filled in for each customer, and what happened."""
    tabs = st.tabs(["Evidence", "Details", "History"], key="side")
    if view is None:
        return
    with tabs[0]:
        incident_text.sources(view)
    with tabs[1]:
        incident_text.slots_table()
    with tabs[2]:
        show(card(*[_event(event) for event in view.events] or [mute("Nothing yet.")]))


def banner() -> None:
    """A burst that nobody has looked at yet, above whatever is open."""
    found = office.read(incidents.alert)
    if found is None or queue.asked().incident == found.id:
        return
    with st.container(key="undo_incident_alert", horizontal=True):
        short = found.why.partition(", where ")[0].rstrip(".")  # the usual rate stands on hover, and in the incident itself
        show(
            tag(
                "div",
                tag("b", "Something may be down. "),
                f"{found.title}: {short}.",
                cls="td-sending",
                role="alert",
                title=found.why,
            )
        )
        st.button("Look at it", key="td_incident_alert", on_click=queue.open_incident, args=(found.id,))


def belongs(ticket_id: int) -> None:
    """That a ticket is part of an incident, and the way to it."""
    found = office.read(lambda session: incidents.of_tickets(session, [ticket_id])).get(ticket_id)
    if found is None:
        return
    with st.container(key="undo_incident_of", horizontal=True):
        show(tag("div", tag("b", "Part of an incident: "), found.title, cls="td-sending"))
        st.button("Open incident", key="td_incident_open", on_click=queue.open_incident, args=(found.id,))


def _head(view: IncidentView) -> None:
    one = view.incident
    said = [
        "Incident",
        words.plural(view.customers, "customer"),
        _STATES.get(one.state, one.state),
        "noticed by the desk" if one.burst else "",
    ]
    show(tag("div", tag("h1", one.title), mute(" · ".join(part for part in said if part)), cls="td-head"))


def _proposal(view: IncidentView, user: User) -> None:
    one = view.incident
    number = one.id or 0
    with st.container(key="draft"):
        show(tag("div", "Is this one incident?", cls="td-h3"), mute(one.why))
        if one.terms:
            show(mute("Words that set it apart: " + ", ".join(one.terms)))
        with st.container(key="actions", horizontal=True):
            st.button(
                "Confirm incident", key="td_incident_confirm", type="primary", shortcut=hint("commit"),
                on_click=office.act, args=(lambda session: keeping.confirm(session, user, number), "Confirmed. Now tell the customers."),
            )  # fmt: skip
            st.button(
                "No incident", key="td_incident_dissolve", shortcut=hint("reject"),
                on_click=office.act, args=(lambda session: keeping.dissolve(session, user, number), "Dissolved; its tickets stay."),
            )  # fmt: skip


_HAPPENED = {
    "proposed": "proposed it",
    "started": "made it",
    "confirmed": "confirmed it",
    "renamed": "renamed it",
    "grew": "put tickets in",
    "added": "put a ticket in",
    "removed": "took a ticket out",
    "took_in": "merged another one into it",
    "merged": "merged it into another one",
    "dissolved": "dissolved it",
    "ended": "ended it",
    "text_asked": "asked for a text",
    "text_edited": "edited the text",
    "approved": "approved the text",
    "undone": "took mails back",
}


def _event(event: Happened) -> Markup:
    tickets = event.data.get("tickets") or event.data.get("decisions") or []
    counted = f" ({words.plural(len(tickets), 'ticket')})" if isinstance(tickets, list) and tickets else ""
    said = join(event.who, " ", _HAPPENED.get(event.kind, event.kind.replace("_", " ")), counted)
    return tag("div", words.ago(event.at), said, cls="td-event")
