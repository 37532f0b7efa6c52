"""Sending later: the form that chooses when, and the card of a message that waits for its time."""

import streamlit as st
from sqlmodel import Session

from pages.parts import deciding, keymap, moments, office, state, words
from pages.parts.markup import card, join, mute, show, tag
from triage import approval, scheduling
from triage.models import Decision, Draft, Outbox, Ticket, User
from triage.tickets import typed

_MORNING = "When their business day begins"


def fields(ticket: Ticket) -> None:
    """When the reply is to be sent."""
    morning = office.read(lambda session: scheduling.business_morning(session, ticket)).astimezone(words.zone())
    moments.choose("When is it sent?", _key(ticket), default=_MORNING, more={_MORNING: morning})


def approve(user: User, ticket: Ticket, draft: Draft) -> None:
    """Approve the text as it stands, to be sent at the chosen moment."""
    at = moments.chosen(_key(ticket))
    if at is None:
        state.say("warning", "Choose when", "Pick one of the moments, or a day and a time.")
        return
    deciding.approve(user, ticket, draft, draft.seal, onward=True, at=at)


def waiting(outbox: Outbox, decision: Decision, who: str, user: User) -> None:
    """A message that waits for its time: when, what, and how to change that."""
    number = decision.id or 0
    title = join("Will be sent ", tag("b", words.clock(outbox.send_after)), " ", mute(f"approved by {who}"))
    show(card(tag("div", decision.body, cls="td-text"), title=title))
    show(mute("It comes back for a decision by itself when the customer writes, a cited article changes or a guard stops it."))
    with st.container(key="later", horizontal=True):
        st.button("Change the time", key="td_later_change", on_click=state.open_panel, args=("move", outbox.ticket_id))
        st.button("Send now", key="td_later_now", on_click=_send_now, args=(user, number))
        st.button("Do not send", key="td_later_cancel", on_click=_take_back, args=(user, number))
    if state.panel() == ("move", outbox.ticket_id):
        ticket = office.read(lambda session: session.get_one(Ticket, outbox.ticket_id))
        with st.container(key="panel"):
            fields(ticket)
            with st.container(horizontal=True):
                st.button(
                    "Send then",
                    key="td_submit",
                    type="primary",
                    shortcut=keymap.COMMIT,
                    on_click=_move,
                    args=(user, ticket, number),
                )
                st.button("Cancel", key="td_cancel", on_click=state.close_panel)


def _move(user: User, ticket: Ticket, decision_id: int) -> None:
    at = moments.chosen(_key(ticket))
    if at is None:
        state.say("warning", "Choose when", "Pick one of the moments, or a day and a time.")
    elif office.do(lambda session: scheduling.schedule(session, office.desk().enqueue, user, decision_id, at)):
        state.close_panel()
        office.toast(f"Will be sent {words.clock(at)}.")


def _send_now(user: User, decision_id: int) -> None:
    desk = office.desk()
    sent = state.sent()
    if office.do(lambda session: scheduling.send_now(session, desk.enqueue, user, decision_id, desk.settings.undo_seconds)):
        sent.append(decision_id)


def _take_back(user: User, decision_id: int) -> None:
    def change(session: Session) -> None:
        draft = approval.undo(session, user, decision_id)
        typed.forget(session, user, draft.ticket_id, typed.REPLY)

    if office.do(change):
        office.toast("Taken back; nothing was sent.")


def _key(ticket: Ticket) -> str:
    return f"td_later_{ticket.id}"
