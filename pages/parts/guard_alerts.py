"""Alerts: what was unusual, the open ones first, each to acknowledge with a word on what was found."""

import streamlit as st

from pages.parts import office, screen, words
from pages.parts.markup import chip, mute, show, tag
from triage import alerts as service
from triage.alerts import Row
from triage.models import User

_STATES = {"open": ("open", "b"), "acknowledged": ("acknowledged", "w"), "closed": ("over", "")}


def alerts(user: User) -> None:
    """Looked for every five minutes; an alert closes by itself when what it tells of is over."""
    rows = office.read(lambda session: service.listing(session, user))
    if not rows:
        screen.empty(
            "No alerts",
            "Loops, and spikes of cost, blocks, refusals and errors far above the usual would appear here, and managers and administrators are told.",
        )
        return
    show(mute("Compared with the same hours of the last two weeks. An alert closes by itself an hour after it is over."))
    for row in rows:
        _alert(user, row)


def _alert(user: User, row: Row) -> None:
    alert = row.alert
    with st.container(key=f"box_alert_{alert.id}"):
        text, tone = _STATES[alert.status]
        ticket = screen.ticket_link(alert.ticket_id, "open the ticket") if alert.ticket_id else None
        seen = mute(
            "since ", words.ago(alert.first_at), f" · seen {words.plural(alert.seen, 'time')}, last ", words.ago(alert.last_at)
        )
        show(
            tag("div", tag("b", alert.title), " ", chip(text, tone)),
            tag("div", alert.detail, " ", ticket),
            tag("div", seen),
            tag("div", mute(f"{row.by}: "), alert.comment) if alert.comment else None,
        )
        if alert.status == "open":
            key = f"alert_word_{alert.id}"
            with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
                st.text_input("What you found or do about it", key=key, max_chars=2_000)
                st.button("Acknowledge", key=f"alert_ack_{alert.id}", on_click=_acknowledge, args=(user, alert.id or 0, key))


def _acknowledge(user: User, number: int, key: str) -> None:
    comment = str(st.session_state.get(key, ""))
    office.act(lambda session: service.acknowledge(session, user, number, comment), "Acknowledged.")
