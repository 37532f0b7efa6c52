"""Merging a ticket into another one of its customer, taking messages out into one of their own, and taking a merge back."""

import streamlit as st

from pages.parts import office, state, words
from pages.parts.markup import card, join, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Ticket, User
from triage.tickets import merging
from triage.tickets.ticket_view import TicketView

_WAYS = ("Merge into another ticket", "Take messages out")
_LINE = 90


def fields(user: User, ticket: Ticket) -> None:
    """The form: which of the two, and with what."""
    number = ticket.id or 0
    way = st.pills("What belongs together?", _WAYS, default=_WAYS[0], key=_key(number, "way"), required=True)
    (_merge if way == _WAYS[0] else _split)(user, ticket)


def _merge(user: User, ticket: Ticket) -> None:
    number = ticket.id or 0
    others = office.read(lambda session: merging.candidates(session, ticket))
    known = {other.id or 0: other for other in others}
    if known:
        st.selectbox(
            "Into which of the customer's tickets?", list(known), index=0, key=_key(number, "into"),
            format_func=lambda each: f"#{each} {known[each].subject[:60]} · {words.STATUS[known[each].status]}",
        )  # fmt: skip
    else:
        show(mute("This customer has no other ticket."))
    st.text_input("Or into the ticket with the number", key=_key(number, "number"), placeholder="#…")
    if access.may(user, Permission.DECIDE_SENSITIVE):
        st.checkbox("It is another customer's ticket, and each may read the other's messages", key=_key(number, "across"))
    show(mute("Its messages move there, its mail goes there, drafts that wait are written anew. It can be taken back."))


def _split(user: User, ticket: Ticket) -> None:
    number = ticket.id or 0
    inbound = office.read(lambda session: merging.messages_of_customer(session, number))
    if len(inbound) < 2:
        show(mute("The customer wrote one message only: there is nothing to take out."))
        return
    lines = {message.id or 0: " ".join(message.body.split())[:_LINE] for message in inbound}
    st.multiselect(
        "Which messages?", list(lines), key=_key(number, "messages"), format_func=lambda each: lines[each] or "(no text)", placeholder="Choose",
    )  # fmt: skip
    st.text_input("Subject of the new ticket", key=_key(number, "subject"), max_chars=300)


def submit(user: User, ticket: Ticket) -> None:
    """Do what the form says, and open the ticket that came of it."""
    number, desk = ticket.id or 0, office.desk()
    if st.session_state.get(_key(number, "way")) == _WAYS[1]:
        chosen = list(st.session_state.get(_key(number, "messages")) or [])
        subject = str(st.session_state.get(_key(number, "subject")) or "")
        made = office.attempt(lambda session: merging.split(session, user, desk.enqueue, number, chosen, subject).id)
        _open(made, "Taken out; the agents work on the new ticket.")
        return
    typed = str(st.session_state.get(_key(number, "number")) or "").strip().lstrip("#")
    into = int(typed) if typed.isdecimal() and len(typed) < 10 else st.session_state.get(_key(number, "into"))
    if (typed and not typed.isdecimal()) or not into:
        state.say("warning", "Choose a ticket", "Pick one of the customer's tickets, or give a ticket's number.")
        return
    across = bool(st.session_state.get(_key(number, "across")))
    if office.do(lambda session: merging.merge(session, user, desk.enqueue, number, int(into), across=across)):
        _open(int(into), f"#{number} is part of this ticket now.")


def merged(view: TicketView, user: User) -> bool:
    """The card of a ticket that went into another one; False when it did not."""
    ticket = view.ticket
    if ticket.merged_into is None:
        return False
    link = tag("a", f"#{ticket.merged_into}", href=f"?view=all&ticket={ticket.merged_into}", target="_self", cls="td-link")
    show(card(join("Its messages are in ", link, ", and so is every mail that answers it."), title="Merged into another ticket"))
    row = office.read(lambda session: merging.standing(session, ticket.id or 0))
    if row is not None:
        st.button("Take the merge back", key="td_unmerge", on_click=_take_back, args=(user, row.id or 0))
    return True


def _take_back(user: User, merge_id: int) -> None:
    office.act(lambda session: merging.undo(session, user, office.desk().enqueue, merge_id), "The two tickets are apart again.")


def _open(ticket_id: int | None, said: str) -> None:
    if ticket_id:
        state.close_panel()
        st.query_params["ticket"] = str(ticket_id)
        office.toast(said)


def _key(number: int, name: str) -> str:
    return f"td_merge_{name}_{number}"
