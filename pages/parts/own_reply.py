"""What people write themselves and others decide: what to say of it, handing it in, and taking it up again when it came back."""

from collections.abc import Callable

import streamlit as st
from sqlmodel import Session

from pages.parts import office
from pages.parts.markup import show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.drafts import own_replies
from triage.models import Draft, Ticket, User
from triage.tickets.ticket_view import TicketView

RETURNED = "Your reply came back."


def held(user: User, draft: Draft, ticket: Ticket) -> None:
    """Why this person does not decide the draft, and what they can do."""
    sensitive = draft.approver != "staff" or ticket.approver != "staff"
    reasons = draft.approver_reasons or (["it is a sensitive matter"] if sensitive else [])
    if draft.created_by == user.actor:
        whom = "a manager" if sensitive else "a colleague"
        title, said = "You handed this in. ", f"It waits for {whom}. You can still change it and hand it in again."
    elif user.trainee:
        title, said = (
            "You are a trainee. ",
            "Change the draft, or hand it in as it is; a colleague decides it and you see what became of it.",
        )
    else:
        title, said = "This draft needs a manager. ", "You can edit it, ask for changes and hand it over."
        reasons = reasons or ["every draft does, by a setting of this desk"]
    points = tag("ul", *[tag("li", reason) for reason in reasons]) if reasons else None
    show(tag("div", tag("b", title), said, points, cls="td-strip b" if sensitive else "td-strip i"))


def label(user: User) -> str:
    """What the button says by which somebody gives their text away."""
    return "Hand to a manager" if access.may(user, Permission.DECIDE_ROUTINE) else "Hand in"


def came_back(view: TicketView, user: User) -> str:
    """The text that came back to this person, to stand in their field; "" when none did."""
    return office.read(lambda session: own_replies.returned_text(session, user, view.ticket))


def hand_in(user: User, ticket: Ticket, text: str, comment: str, forget: Callable[[Session], object]) -> bool:
    """Hand a text in; whether it was taken. The search for its sources embeds, so it comes before the transaction."""
    desk, number = office.desk(), ticket.id or 0
    with st.spinner("Looking for its sources…"):
        passages = own_replies.passages_for(desk, number, text) if text.strip() else []

    def hand(session: Session) -> None:
        own_replies.hand_in(
            session, desk, user, number, text, passages, comment=comment, manager=access.may(user, Permission.DECIDE_ROUTINE)
        )
        forget(session)

    return office.do(hand)
