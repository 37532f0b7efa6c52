"""Calls of connected APIs that agents proposed for this ticket: what would be sent, and a manager's word on it."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, words
from pages.parts.markup import chip, mute, rows, show, tag
from triage import proposals
from triage.accounts import access
from triage.accounts.access import Permission
from triage.connections import prices
from triage.models import Proposal, User
from triage.tickets.ticket_view import TicketView

_STATES = {
    "waiting": ("waits for a manager", "w"), "approved": ("approved, on its way", "a"), "sending": ("being carried out", "a"), "done": ("done", "o"),
    "refused": ("refused", ""), "failed": ("not done", "b"), "uncertain": ("nobody knows whether it was done", "b"),
}  # fmt: skip


def proposed_calls(view: TicketView, user: User) -> None:
    """A card for each proposed call of the ticket."""
    for row in view.proposals:
        with st.container(key=f"call_{row.id}"):
            _card(view, row, user)


def _card(view: TicketView, row: Proposal, user: User) -> None:
    said, tone = _STATES.get(row.status, (row.status, ""))
    verb = "Would call" if row.status == "waiting" else "Call"
    show(tag("div", f"{verb}: {words.label(row.tool)} ", chip(said, tone), cls="td-h3"), _what(row))
    if row.error:
        show(tag("div", row.error + _cost(row), cls="td-strip w", role="alert"))
    elif row.status == "done":
        show(mute(f"The service answered with status {row.answer_status}." + _cost(row)))
    if row.decided_by:
        show(mute(f"Decided by {view.people.get(row.decided_by, 'somebody')}" + (f": {row.comment}" if row.comment else ".")))
    if row.status not in ("waiting", "uncertain"):
        return
    if not access.may(user, Permission.DECIDE_SENSITIVE):
        show(mute("A manager decides this; the reply to the customer can go out before or after."))
    elif row.status == "waiting":
        _decide(row, user)
    else:
        _settle(row, user)


def _what(row: Proposal) -> Markup:
    """Method and address, then each field of the body."""
    body = row.call.get("body")
    fields: list[tuple[str, str | Markup | None]] = (
        [(str(name), _shown(value)) for name, value in body.items()] if isinstance(body, dict) else []
    )
    return tag("div", tag("code", f"{row.call.get('method')} {row.call.get('address')}"), rows(fields) if fields else "")


def _cost(row: Proposal) -> str:
    return f" The call cost ${prices.written(row.cost_usd)}." if row.cost_usd else ""


def _shown(value: object) -> str:
    return str(value) if not isinstance(value, bool) else "yes" if value else "no"


def _decide(row: Proposal, user: User) -> None:
    comment = st.text_input("Why (optional)", key=f"td_call_why_{row.id}")
    with st.container(horizontal=True):
        approve = st.button("Carry it out", key=f"td_call_yes_{row.id}", type="primary")
        refuse = st.button("Refuse the call", key=f"td_call_no_{row.id}")
    price = office.read(lambda session: proposals.price(session, row))
    costs = f" It costs ${prices.written(price)}." if price else ""
    show(mute(f"Nothing is called before you agree; then exactly this is sent, once.{costs}"))
    if approve or refuse:
        desk = office.desk()
        done = office.do(
            lambda session: proposals.decide(
                session, desk.enqueue, user, row.id or 0, approve=approve, seal=row.seal, comment=comment
            )
        )
        if done:
            office.toast("Approved; it is carried out now." if approve else "Refused; nothing is called.")
        st.rerun()


def _settle(row: Proposal, user: User) -> None:
    show(mute("Look in your own system whether it was done, and say so here."))
    with st.container(horizontal=True):
        done = st.button("It was done", key=f"td_call_done_{row.id}")
        not_done = st.button("It was not done", key=f"td_call_undone_{row.id}")
    if done or not_done:
        office.do(lambda session: proposals.settle(session, user, row.id or 0, was_done=done))
        st.rerun()
