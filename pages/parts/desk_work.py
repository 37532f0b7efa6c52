"""The middle of the desk: whatever this ticket needs from a person now, and nothing else."""

from collections.abc import Callable, Sequence

import streamlit as st
from sqlmodel import Session

from pages.parts import (
    bad_answer,
    batch,
    composer,
    deciding,
    draft_card,
    language,
    later,
    lock,
    merge_form,
    office,
    own_reply,
    panels,
    proof,
    state,
    versions,
    words,
)
from pages.parts.keymap import hint
from pages.parts.markup import card, join, mute, show, tag
from triage import delivery
from triage.accounts import access
from triage.accounts.access import Permission
from triage.drafts import own_replies
from triage.drafts import proof as sources
from triage.models import AT_WORK, DECIDABLE, Draft, Status, Ticket, User
from triage.seal import Change
from triage.tickets import work
from triage.tickets.ticket_view import TicketView


def desk_work(view: TicketView, user: User, changed: Sequence[Change], every_needs_manager: bool) -> None:
    """One of: a draft to decide, agents at work, a message on its way, something that failed, quarantine, a place to write."""
    ticket, draft = view.ticket, view.draft
    state.put("editor", None)
    if merge_form.merged(view, user):
        return
    if ticket.status in DECIDABLE and draft and draft.status == "waiting":
        may = access.can_decide(user, draft=draft, ticket=ticket, every_draft_needs_manager=every_needs_manager)
        _draft(view, draft, user, changed, may)
    elif ticket.status in AT_WORK:
        _agents(view)
    elif ticket.status in (Status.APPROVED, Status.DELIVERING):
        _on_its_way(view, user)
    elif ticket.status == Status.FAILED:
        _failed(view, user)
    elif ticket.status == Status.QUARANTINED:
        _quarantined(view, user)
    elif ticket.status == Status.RESOLVED:
        show(card(mute(words.reason(ticket.reason) or "closed", " · ", words.ago(ticket.updated_at)), title="Resolved"))
    else:
        _open(view, user)
    _kept_text(view, user)


def _draft(view: TicketView, draft: Draft, user: User, changed: Sequence[Change], may: bool) -> None:
    ticket = view.ticket
    deciding.seconds_on(draft)
    editing = ticket.id in state.editing()
    with st.container(key="draft"):
        show(draft_card.title(draft, user.id))
        lock.lock(user, ticket, draft, changed, may)
        show(draft_card.warnings(draft), versions.changes(view))
        if not may:
            own_reply.held(user, draft, ticket)
        if editing:
            _editor(user, ticket, draft, may)
        else:
            show(draft_card.body(draft, sources.of_view(view).texts))
            language.language(user, view, draft)
        text = deciding.text_of(ticket, draft)
        if not editing:
            proof.points(ticket, draft, text, may)
        proof.links(draft)
        if may:
            batch.offer(user, ticket, draft)
        _buttons(user, ticket, draft, may, edited=text.strip() != draft.body.strip())
        panels.panel(user, ticket, draft)
        versions.versions(user, ticket, draft)
        if draft.created_by == "agents":
            bad_answer.bad_answer(user, key=f"draft_{draft.id}", ticket_id=ticket.id)


def _editor(user: User, ticket: Ticket, draft: Draft, may: bool) -> None:
    number = ticket.id or 0
    kept = state.typed().get(number)
    if kept and kept.draft_id not in (None, draft.id):
        show(
            tag(
                "div",
                tag("b", "A newer draft arrived while you wrote. "),
                "Your text is kept; Reset shows the new draft.",
                cls="td-strip w",
            )
        )
    state.put("editor", number)
    composer.composer(
        user, number, composer.REPLY, start=draft.body, draft_id=draft.id, watch=lambda text: text.strip() != draft.body.strip(),
        check=lambda text: proof.check(ticket, draft, text, may),
    )  # fmt: skip


def _buttons(user: User, ticket: Ticket, draft: Draft, may: bool, edited: bool) -> None:
    seal, number = draft.seal, ticket.id or 0
    submit = None if state.form_is_open(number) else panels.SUBMIT
    if not ticket.requester_email:
        show(
            tag(
                "div",
                tag("b", "Nobody to write to. "),
                "This came without an address; close the ticket when it is done.",
                cls="td-strip w",
            )
        )
    with st.container(key="actions", horizontal=True):
        if may and not ticket.requester_email:
            st.button(
                "Close the ticket", key="td_close", type="primary", on_click=_leave,
                args=(user, ticket, lambda session: work.resolve(session, user, number)),
            )  # fmt: skip
        elif may:
            st.button(
                "Send edited" if edited else "Approve and next",
                key="td_approve",
                type="primary",
                shortcut=submit,
                on_click=deciding.approve,
                args=(user, ticket, draft, seal, True),
            )
        else:
            st.button(own_reply.label(user), key="td_hand_over", type="primary", on_click=state.open_panel, args=("hand", number))
        if number in state.editing():
            st.button(
                "Reset",
                key="td_reset",
                on_click=composer.drop,
                args=(user, number),
                help="Back to the draft as the agents wrote it",
            )
        else:
            st.button("Edit", key="td_edit", shortcut=hint("edit"), on_click=state.editing().add, args=(number,))
        st.button(
            "Request changes", key="td_changes", shortcut=hint("changes"), on_click=state.open_panel, args=("changes", number)
        )
        if may:
            st.button("Reject", key="td_reject", shortcut=hint("reject"), on_click=state.open_panel, args=("reject", number))
        if may:
            st.button("Send later", key="td_send_later", on_click=state.open_panel, args=("later", number))
        if ticket.status != Status.ESCALATED and may:
            st.button("Escalate", key="td_escalate", on_click=state.open_panel, args=("escalate", number))


def _agents(view: TicketView) -> None:
    ticket = view.ticket
    line = [(Status.RECEIVED, "received"), (Status.SCREENED, "screened"), (Status.TRIAGING, "writing a draft")]
    at = next((i for i, (status, _) in enumerate(line) if status == ticket.status), 0)
    chips = [
        tag("span", name, cls="td-chip " + ("o" if i < at else "a now" if i == at else "")) for i, (_, name) in enumerate(line)
    ]
    doing = view.steps[-1] if view.steps else None
    said = f"Last step: {doing.role or doing.kind}, {doing.name}." if doing else "The draft will appear here by itself."
    show(card(mute(said), tag("div", *chips, cls="td-work"), title="The agents are working on this ticket"))


def _on_its_way(view: TicketView, user: User) -> None:
    decided = view.decided
    if decided and decided.outbox and decided.outbox.scheduled and decided.outbox.status == "held":
        later.waiting(decided.outbox, decided.decision, decided.who, user)
        return
    if decided is None:
        show(card(title="Approved; it is being sent"))
        return
    who = join("Approved by ", decided.who, " ", words.ago(decided.decision.created_at))
    show(card(tag("div", decided.decision.body, cls="td-text"), title=join("On its way ", mute(who))))


def _failed(view: TicketView, user: User) -> None:
    ticket, desk = view.ticket, office.desk()
    outbox = view.decided.outbox if view.decided else None
    uncertain = outbox is not None and outbox.status == "uncertain"
    about = (
        "It is not certain whether the reply was sent"
        if uncertain
        else "The reply was not sent"
        if outbox and outbox.status == "failed"
        else "The agents could not finish"
    )
    with st.container(key="blocked_failed"):
        show(tag("div", about, cls="td-h3"), mute(ticket.error or words.reason(ticket.reason) or "No reason was recorded."))
        with st.container(horizontal=True):
            if uncertain and outbox:
                for label, was_sent in (("It was sent", True), ("It was not sent, send again", False)):
                    st.button(
                        label,
                        key=f"td_settle_{was_sent}",
                        disabled=not access.may(user, Permission.DECIDE_SENSITIVE),
                        help="A manager decides this",
                        on_click=office.act,
                        args=(
                            lambda session, sent=was_sent: delivery.settle(session, desk, user, outbox.id or 0, was_sent=sent),
                        ),
                    )
            elif outbox and outbox.status == "failed":
                st.button(
                    "Send again",
                    key="td_again",
                    type="primary",
                    on_click=office.act,
                    args=(lambda session: delivery.retry(session, desk, user, outbox.id or 0),),
                )
            else:
                st.button(
                    "Try again",
                    key="td_retry",
                    type="primary",
                    on_click=office.act,
                    args=(lambda session: work.retry(session, user, desk.enqueue, ticket.id or 0),),
                )
    if not uncertain:
        _compose(view, user)


def _quarantined(view: TicketView, user: User) -> None:
    ticket, desk = view.ticket, office.desk()
    why = view.quarantine
    detail = why.detail if why else ""
    with st.container(key="blocked_quarantine"):
        show(
            tag("div", "In quarantine: " + words.reason(why.reason if why else ticket.reason), cls="td-h3"),
            mute(detail or "No agent works on it and nobody is answered until a person lets it in."),
        )
        with st.container(horizontal=True):
            st.button(
                "Let it in",
                key="td_let_in",
                on_click=office.act,
                args=(lambda session: work.let_in(session, user, desk.enqueue, ticket.id or 0),),
            )
            st.button(
                "Dismiss",
                key="td_dismiss",
                on_click=_leave,
                args=(user, ticket, lambda session: work.dismiss(session, user, ticket.id or 0)),
            )


def _open(view: TicketView, user: User) -> None:
    """Nothing waits: answered, or the draft was rejected; a person may write or close."""
    said = {
        Status.DELIVERED: "Answered. A new message of the customer opens it again.",
        Status.NEEDS_INFO: "We asked the customer and wait for the answer.",
        Status.REJECTED: "The draft was rejected. Write the reply yourself, or close the ticket.",
        Status.ESCALATED: "The customer has a holding reply. The answer itself is for a person to write.",
    }.get(view.ticket.status, "")
    if view.ticket.reason == own_replies.RETURNED:
        said = own_reply.RETURNED if view.ticket.assignee_id == user.id else f"The reply went back to {view.assignee}."
    if view.decided and view.decided.decision.comment:
        said += f" {view.decided.who}: “{view.decided.decision.comment}”"
    show(
        card(
            mute(said),
            title="Came back" if view.ticket.reason == own_replies.RETURNED else words.STATUS[view.ticket.status].capitalize(),
        )
        if said
        else None
    )
    _compose(view, user)


def _compose(view: TicketView, user: User) -> None:
    ticket = view.ticket
    number = ticket.id or 0
    state.put("editor", number)
    with st.container(key="compose"):
        composer.composer(user, number, composer.OWN, start=own_reply.came_back(view, user), draft_id=ticket.draft_id)
        with st.container(key="actions", horizontal=True):
            submit = None if state.form_is_open(number) else panels.SUBMIT
            st.button(
                "Put it up for approval",
                key="td_write",
                type="primary",
                shortcut=submit,
                on_click=deciding.write,
                args=(user, ticket),
            )
            st.button(
                "Close the ticket",
                key="td_close",
                on_click=_leave,
                args=(user, ticket, lambda session: work.resolve(session, user, number)),
            )


def _kept_text(view: TicketView, user: User) -> None:
    """Text that lost its editor (somebody else decided first) stays readable and can be copied."""
    number = view.ticket.id or 0
    kept = state.typed().get(number)
    if kept is None or state.get("editor") == number:
        return
    with st.container(key="kept"):
        show(tag("div", tag("b", "Your text is kept. "), "Copy it, or drop it.", cls="td-strip"))
        st.code(kept.text, language=None, wrap_lines=True)
        st.button("Drop my text", key="td_drop", on_click=composer.drop, args=(user, number))


def _leave(user: User, ticket: Ticket, change: Callable[[Session], object]) -> None:
    if office.do(change):
        deciding.following(user, ticket.id or 0)
