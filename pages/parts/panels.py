"""The small forms under the draft and under the ticket's head; one is open at a time."""

import re
from collections.abc import Callable

import streamlit as st
from sqlmodel import Session

from pages.parts import composer, deciding, incident_forms, keymap, later, merge_form, moments, office, state, words
from triage import taxonomy, teams
from triage.accounts import access
from triage.accounts.access import Permission
from triage.approval import REJECT_REASONS
from triage.models import Draft, EscalationReason, Ticket, User, now
from triage.tickets import noting, ticket_view, typed, work

SUBMIT = keymap.COMMIT  # belongs to the open form; no button under the draft may have it then


def panel(user: User, ticket: Ticket, draft: Draft) -> None:
    """The form that belongs to a button under the draft."""
    open_, number = state.panel(), ticket.id or 0
    forms: dict[str, tuple[Callable[[], None], str, Callable[[], None]]] = {
        "changes": (
            lambda: composer.composer(user, number, composer.CHANGES),
            "Send back",
            lambda: deciding.request_changes(user, ticket, draft, draft.seal),
        ),
        "reject": (lambda: _reject(number), "Reject the draft", lambda: deciding.reject(user, ticket, draft, draft.seal)),
        "escalate": (lambda: _escalate(number), "Escalate", lambda: deciding.escalate(user, ticket, draft, draft.seal)),
        "later": (lambda: later.fields(ticket), "Send then", lambda: later.approve(user, ticket, draft)),
        "hand": (lambda: _hand(number), "Hand over", lambda: deciding.prepare(user, ticket, draft)),
    }
    if open_ and open_[1] == number and open_[0] in forms:
        _form(*forms[open_[0]])


def tools(user: User, ticket: Ticket) -> None:
    """Assign, snooze, note: quiet words under the ticket's head, and their forms."""
    number = ticket.id or 0
    with st.container(key="tools", horizontal=True):
        st.button("Assign", key="td_assign", on_click=state.open_panel, args=("assign", number))
        if ticket.assignee_id != user.id:
            st.button(
                "Take it",
                key="td_take",
                on_click=_submit,
                args=(lambda session: work.assign(session, user, number, user.id), "Yours."),
            )
        if ticket.snoozed_until and ticket.snoozed_until > now():
            label = f"Wake (until {words.clock(ticket.snoozed_until)})"
            st.button(
                label,
                key="td_wake",
                on_click=_submit,
                args=(lambda session: work.snooze(session, user, number, None), "Awake again."),
            )
        else:
            st.button("Snooze", key="td_snooze", on_click=state.open_panel, args=("snooze", number))
        st.button("Category", key="td_category", on_click=state.open_panel, args=("category", number))
        st.button("Note", key="td_note", on_click=state.open_panel, args=("note", number))
        st.button("Merge or split", key="td_merge", on_click=state.open_panel, args=("merge", number))
        st.button("Incident", key="td_to_incident", on_click=state.open_panel, args=("to_incident", number))
    open_ = state.panel()
    if open_ == ("assign", number):
        _assign(user, ticket)
    elif open_ == ("snooze", number):
        _form(lambda: _snooze(number), "Snooze", lambda: _put_off(user, number))
    elif open_ == ("category", number):
        _refile(user, ticket)
    elif open_ == ("note", number):
        _form(lambda: composer.composer(user, number, composer.NOTE), "Save note", lambda: _save_note(user, number))
    elif open_ == ("merge", number):
        _form(lambda: merge_form.fields(user, ticket), "Do it", lambda: merge_form.submit(user, ticket))
    elif open_ == ("to_incident", number):
        _form(lambda: incident_forms.choose(number), "Put in", lambda: _put_in(user, number))


def _form(fields: Callable[[], None], label: str, submit: Callable[[], None]) -> None:
    with st.container(key="panel"):
        fields()
        with st.container(horizontal=True):
            st.button(label, key="td_submit", type="primary", shortcut=SUBMIT, on_click=submit)
            st.button("Cancel", key="td_cancel", on_click=state.close_panel)


def _reject(number: int) -> None:
    st.pills("Why?", REJECT_REASONS, key=f"td_reject_why_{number}")
    st.text_input("A word more, if you like", key=f"td_reject_{number}")


def _escalate(number: int) -> None:
    reasons = [reason.value for reason in EscalationReason]
    st.selectbox(
        "Why?", reasons, index=reasons.index("policy_restriction"), format_func=words.reason, key=f"td_escalate_why_{number}"
    )
    st.text_input("A word to the manager, if you like", key=f"td_escalate_{number}")


def _hand(number: int) -> None:
    st.text_input("A word to whoever decides it, if you like", key=f"td_hand_{number}")


def _snooze(number: int) -> None:
    moments.choose("Until when?", f"td_snooze_{number}", default="Tomorrow morning")


def _assign(user: User, ticket: Ticket) -> None:
    number = ticket.id or 0
    people = office.read(ticket_view.colleagues)
    names = {person.id: person.name for person in people}
    options = [None, *names]
    current = options.index(ticket.assignee_id) if ticket.assignee_id in names else 0
    groups = ["", *office.read(teams.names)]

    def fields() -> None:
        st.selectbox(
            "Who takes it?", options, index=current, key=f"td_assign_{number}", format_func=lambda i: names.get(i, "Nobody")
        )
        if len(groups) > 1:
            st.selectbox(
                "Which group?", groups, index=groups.index(ticket.team) if ticket.team in groups else 0, key=f"td_team_{number}",
                format_func=lambda name: name or "None",
            )  # fmt: skip

    def give(session: Session) -> None:
        work.assign(session, user, number, st.session_state[f"td_assign_{number}"])
        team = st.session_state.get(f"td_team_{number}", ticket.team)
        if team != ticket.team:
            teams.hand(session, user, number, team)

    _form(fields, "Assign", lambda: _submit(give, "Assigned."))


def _refile(user: User, ticket: Ticket) -> None:
    """Another category, and for administrators the ticket as an example of it."""
    number = ticket.id or 0
    known = office.read(taxonomy.titles)
    slugs = list(known)
    key, learn = f"td_category_{number}", f"td_learn_{number}"

    def fields() -> None:
        st.selectbox(
            "Which category?", slugs, index=slugs.index(ticket.category) if ticket.category in known else None, key=key,
            format_func=lambda slug: known.get(slug, slug), placeholder="Choose one",
        )  # fmt: skip
        if access.may(user, Permission.EDIT_MACHINERY):
            st.checkbox("Add this ticket as an example", key=learn)

    def file(session: Session) -> None:
        slug = str(st.session_state.get(key) or "")
        if st.session_state.get(learn):
            taxonomy.add_ticket(session, user, number, slug, office.desk().embedder)
        else:
            taxonomy.refile(session, user, number, slug)

    _form(fields, "File it", lambda: _submit(file, "Filed."))


def _put_off(user: User, number: int) -> None:
    until = moments.chosen(f"td_snooze_{number}")
    if until is None:
        state.say("warning", "Choose until when", "Pick one of the moments, or a day and a time.")
        return
    if _do(lambda session: work.snooze(session, user, number, until), f"Snoozed until {words.clock(until)}."):
        deciding.following(user, number)


def _save_note(user: User, number: int) -> None:
    text = composer.text(number, composer.NOTE)
    forget = composer.forgetter(number, typed.NOTE)

    def save(session: Session) -> None:
        work.note(session, user, number, text)
        typed.forget(session, user, number, typed.NOTE)

    named = re.search(r"(?<!\w)@\w", text) and not noting.mentioned(text, office.read(ticket_view.colleagues))
    done = "Noted. Nobody was told: choose a colleague from the list that @ opens." if named else "Noted."
    if _do(save, done):
        forget()


def _put_in(user: User, number: int) -> None:
    _do(incident_forms.put_in(user, number), "It is part of the incident.")


def _submit(change: Callable[..., object], done: str) -> None:
    _do(change, done)


def _do(change: Callable[..., object], done: str) -> bool:
    if not office.do(change):
        return False
    state.close_panel()
    office.toast(done)
    return True
