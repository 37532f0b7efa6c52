"""Blocked actions: what was asked, which rule refused it, and the two people who may decide otherwise."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, words
from pages.parts.markup import chip, join, mute, rows, show, tag
from triage import approval, dossier_words, dossiers
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Status, Ticket, User
from triage.tickets import work
from triage.tickets.ticket_view import Dossier, TicketView


def blocked_actions(view: TicketView, user: User) -> None:
    """A card for each blocked action of the ticket."""
    for dossier in view.dossiers:
        action = dossier.action
        with st.container(key=f"blocked_{action.id}"):
            about = dossier_words.headline(action)
            show(tag("div", f"Blocked: {about} ", _state(dossier), cls="td-h3"), mute(_line(dossier, view.ticket)))
            with st.container(horizontal=True):
                st.button("Open dossier", key=f"td_dossier_{action.id}", on_click=_ask, args=(action.id,))
                if dossier.open and not access.may(user, Permission.SIGN_OFF) and view.ticket.approver != "manager":
                    st.button(
                        "Hand to manager",
                        key=f"td_blocked_hand_{action.id}",
                        on_click=_hand,
                        args=(user, action.ticket_id, about),
                    )
    wanted = st.session_state.pop("td_dossier", None)
    found = next((dossier for dossier in view.dossiers if dossier.action.id == wanted), None)
    if found:
        _dialog(found, user, view)


def _hand(user: User, ticket_id: int, about: str) -> None:
    office.act(
        lambda session: work.hand_to_manager(session, user, ticket_id, f"blocked action: {about}"), "Handed to the managers."
    )


def _state(dossier: Dossier) -> str | Markup:
    status = dossier.action.status
    return {"granted": chip("granted", "o"), "refused": chip("refused"), "signed once": chip("one signature", "w")}.get(
        status, ""
    )


def _line(dossier: Dossier, ticket: Ticket) -> str:
    action = dossier.action
    identity = words.IDENTITY.get(action.identity, action.identity)
    if not dossier.open:
        return f"{identity.capitalize()} · {action.status} by " + " and ".join(sign.who for sign in dossier.signatures)
    if ticket.status == Status.RESOLVED:
        return f"{identity.capitalize()} · the ticket was closed before two people signed; nobody has to sign any more."
    missing = max(0, 2 - sum(sign.granted for sign in dossier.signatures))
    signed = [sign.who for sign in dossier.signatures if sign.granted]
    by = f" ({signed[0]} agreed; somebody else signs next)" if signed else ""
    return (
        f"Blocked because {dossier_words.rule(action.rule)} · {identity} · needs {words.plural(missing, 'more signature')}{by}. "
        "The desk does nothing by itself; the reply promises nothing."
    )


def _ask(action_id: int | None) -> None:
    st.session_state["td_dossier"] = action_id


@st.dialog("Dossier", width="medium")
def _dialog(dossier: Dossier, user: User, view: TicketView) -> None:
    action = dossier.action
    show(
        rows(
            [
                ("Asked for", dossier_words.headline(action)),
                ("Against the order", _order(dossier, view)),
                ("In the customer's words", tag("q", action.reason) if action.reason else None),
                ("Not the customer's words", _unsaid(action.unsaid)),
                ("Identity", _identity(action.identity)),
                (
                    "Blocked because",
                    dossier_words.rule(action.rule) + (" (always on)" if action.rule in ("payments", "deletions") else ""),
                ),
                ("Asked", words.ago(action.created_at)),
                ("Decided", words.ago(action.closed_at)),
            ]
        )
    )
    _holding_reply(dossier, user)
    for sign in dossier.signatures:
        verdict = chip("agreed", "o") if sign.granted else chip("refused", "b")
        show(tag("div", tag("b", sign.who), " ", verdict, mute(words.ago(sign.at)), tag("div", sign.comment), cls="td-event"))
    _before(view)
    if not dossier.open:
        show(
            mute(
                f"This was {action.status}. People carry it out in your own systems; the desk moves no money and deletes nothing."
            )
        )
        return
    if not access.may(user, Permission.SIGN_OFF):
        show(mute("Two managers sign this. Hand the ticket to one with a note."))
        return
    if any(sign.user_id == user.id for sign in dossier.signatures):
        show(mute("You have signed. A second person has to sign as well."))
        return
    _sign(dossier, user)


def _order(dossier: Dossier, view: TicketView) -> Markup | None:
    said, warns = dossier_words.against_order(dossier.action, view.orders)
    return chip(said, "w") if warns else Markup("{}").format(said) if said else None


def _unsaid(text: str) -> Markup | None:
    return chip(f"{text}: an agent put it so", "w") if text else None


def _identity(identity: str) -> Markup:
    return chip(words.IDENTITY.get(identity, identity), "o" if identity == "verified" else "w")


def _before(view: TicketView) -> None:
    """What the same customer asked for in other tickets, and what became of it."""
    found = office.read(lambda session: dossier_words.former(session, view.ticket))
    if not found:
        return
    lines = [
        tag("li", tag("a", f"#{one.ticket_id}", href=f"?view=all&ticket={one.ticket_id}", target="_self", cls="td-link"), f" {one.said} ", mute(one.status, " · ", words.ago(one.at)))
        for one in found
    ]  # fmt: skip
    show(tag("div", tag("b", "Asked for before"), tag("ul", *lines, cls="td-list plain"), cls="td-event"))


def _holding_reply(dossier: Dossier, user: User) -> None:
    """What the customer may be told before anybody decided."""
    action = dossier.action
    if not dossier.open or not action.holding:
        return
    show(tag("div", tag("b", "Holding reply: "), action.holding, cls="td-strip"))
    if st.button(
        "Use it as the reply", key=f"td_holding_{action.id}", help="Becomes the newest draft; you still decide it."
    ) and (office.do(lambda session: dossiers.use_holding_reply(session, user, action.id or 0))):
        office.toast("The holding reply is the newest draft now.")
        st.rerun()


def _sign(dossier: Dossier, user: User) -> None:
    action_id = dossier.action.id or 0
    comment = st.text_area("Why do you decide so? It stands in the dossier.", key=f"td_sign_{action_id}", height=80)
    with st.container(horizontal=True):
        agree = st.button("Agree", key=f"td_grant_{action_id}", type="primary")
        refuse = st.button("Refuse", key=f"td_refuse_{action_id}")
    show(
        mute(
            join("Two different people agree before it counts; one refusal closes it. ", "The desk itself never carries it out.")
        )
    )
    if (agree or refuse) and office.do(
        lambda session: approval.sign_off(session, user, action_id, granted=agree, comment=comment)
    ):
        st.rerun()
    if agree or refuse:
        said = st.session_state.pop("td_said", None)
        if said:
            st.warning(said.text)
