"""What an edit can become: a quiet line after sending, and the same on the ticket later and in the list of edits."""

import streamlit as st
from markupsafe import Markup

from pages.parts import difference, office, screen, state, words
from pages.parts.keymap import hint
from pages.parts.markup import chip, mute, show, tag
from triage.learning import edits
from triage.learning.edits import DESTINATIONS, EditRow
from triage.models import User

TONES = {"fact": "a", "policy": "b", "tone": "", "format": ""}
_ASK = {  # destination: (button, key, what it does)
    "article": ("Article fix", hint("as_article"), "Suggests the change to whoever keeps the cited article"),
    "style": ("Style rule", hint("as_style"), "Suggests it as a rule for the writer; a manager decides"),
    "case": ("Evaluation case", hint("as_case"), "Keeps question and reply, without personal data, to try the agents on"),
}
_BECAME = {
    "article": "suggested as an article fix",
    "style": "suggested as a style rule",
    "case": "kept as an evaluation case",
    "dismissed": "nothing to learn",
}


def just_sent(decision_id: int | None, *, changed: bool) -> None:
    """Remember a reply of this tab that was edited, so that its edits are asked about."""
    if decision_id and changed:
        state.put("edited", [*state.get("edited", []), decision_id][-5:])


@st.fragment(run_every="3s")  # a draw that another event broke off is made up for
def strip(user: User) -> None:
    """One edit of what this tab sent last, with one key for each thing that it can become; gone when it was answered or put off."""
    if text := state.take("toast"):  # a press draws this part alone
        office.toast(str(text))
    recent: list[int] = state.get("edited", [])
    rows = [row for row in office.read(lambda session: edits.of_decisions(session, recent)) if not row.edit.taken_as]
    if not rows:
        return
    row, left = rows[0], len(rows) - 1
    with st.container(key="learn"):
        show(tag("div", chip(row.edit.kind, TONES[row.edit.kind]), line(row), cls="td-learn"))
        with st.container(key="learn_keys", horizontal=True):
            buttons(user, row, keys=True)
            st.button(
                "Later" if not left else f"Later ({left} more)",
                key="td_learn_later",
                on_click=_later,
                help="They stay under History and in Knowledge, Edits",
            )


def line(row: EditRow) -> Markup:
    """What was changed, as words struck through and put in."""
    return difference.inline_short(row.edit.before, row.edit.after)


def buttons(user: User, row: EditRow, *, keys: bool = False) -> None:
    """One quiet button for each destination, and one to say that there is nothing to learn."""
    number = row.edit.id or 0
    for destination, (label, key, what) in _ASK.items():
        st.button(
            label,
            key=f"td_learn_{destination}_{number}",
            help=what,
            shortcut=key if keys else None,
            on_click=_take,
            args=(user, number, destination),
        )
    st.button(
        "Nothing to learn",
        key=f"td_learn_dismissed_{number}",
        help="Asks no more about this edit",
        on_click=_take,
        args=(user, number, "dismissed"),
    )


def of_ticket(user: User, ticket_id: int) -> None:
    """The edits of a ticket's replies, each with what became of it."""
    rows = office.read(lambda session: edits.of_ticket(session, ticket_id))
    if not rows:
        return
    with st.container(key="ticket_edits"):
        show(tag("div", "Edits before sending", cls="td-h3"))
        for row in rows:
            one(user, row)


def one(user: User, row: EditRow, *, subject: bool = False) -> None:
    """An edit with its buttons, or with what became of it."""
    with st.container(key=f"edit_{row.edit.id}"):
        about = screen.ticket_link(row.edit.ticket_id, f"#{row.edit.ticket_id} {row.subject}") if subject else None
        show(
            tag(
                "div",
                chip(row.edit.kind, TONES[row.edit.kind]),
                about,
                mute(f" {row.by} · ", words.ago(row.at)),
                cls="td-learn-head",
            ),
            line(row),
        )
        if row.edit.taken_as:
            show(mute(f"{row.taken_by or 'Somebody'}: {_BECAME[row.edit.taken_as]}"))
            if row.edit.taken_as == "dismissed":
                st.button("Ask again", key=f"td_learn_again_{row.edit.id}", on_click=_put_back, args=(user, row.edit.id or 0))
        else:
            with st.container(key=f"edit_keys_{row.edit.id}", horizontal=True):
                buttons(user, row)


def _take(user: User, edit_id: int, destination: str) -> None:
    if office.do(lambda session: edits.take(session, user, edit_id, destination)) and destination != "dismissed":
        state.put("toast", f"Taken as {DESTINATIONS[destination]}.")


def _put_back(user: User, edit_id: int) -> None:
    office.do(lambda session: edits.put_back(session, user, edit_id))


def _later() -> None:
    state.put("edited", [])
