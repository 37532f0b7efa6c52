"""Quarantine: what was set aside before the agents saw it, to let in or to dismiss."""

from collections import Counter
from collections.abc import Callable

import streamlit as st
from sqlmodel import Session

from pages.parts import office, screen, words
from pages.parts.markup import chip, mute, show, tag
from triage.guardrails import overview
from triage.guardrails.overview import QuarantineRow
from triage.models import QuarantineReason, User
from triage.tickets import work

_PAGE = 20


def quarantine(user: User) -> None:
    rows = office.read(lambda session: overview.quarantined(session, limit=500))
    if not rows:
        screen.empty("Quarantine is empty", "Spam, automatic replies, loops and unreadable messages would wait here.")
        return
    show(mute("Set aside before the agents saw it. The original is kept either way."))
    _floods(user, rows)
    start = (screen.page_number() - 1) * _PAGE
    for row in rows[start : start + _PAGE]:
        _held(user, row)
    screen.pager(len(rows), _PAGE)


def _floods(user: User, rows: list[QuarantineRow]) -> None:
    """Senders whose messages beyond the limit wait: one button lets all of a sender's in."""
    floods = Counter(row.sender for row in rows if row.reason == QuarantineReason.FLOOD)
    for number, (sender, count) in enumerate(floods.most_common(5)):
        with st.container(key=f"box_flood_{number}", horizontal=True, vertical_alignment="center", wrap=False):
            many = words.plural(count, "message")
            said = mute(f"{many} beyond what is taken in an hour without asking.")
            show(tag("div", tag("b", sender), " ", chip("flood", "w"), tag("div", said), cls="td-grow"))
            st.button(
                f"Let all {count} in",
                key=f"let_all_{number}",
                on_click=_let_all_in,
                args=(user, sender),
                help="The agents take them up one by one.",
            )


def _let_all_in(user: User, sender: str) -> None:
    enqueue = office.desk().enqueue
    _act(lambda session: work.let_all_in(session, user, enqueue, sender), "Let in: the agents take them up.")


def _held(user: User, row: QuarantineRow) -> None:
    with st.container(key=f"box_held_{row.ticket_id}", horizontal=True, vertical_alignment="center", wrap=False):
        title = tag(
            "div",
            tag("b", screen.ticket_link(row.ticket_id, row.subject or "(no subject)")),
            " ",
            chip(words.reason(row.reason), "w"),
        )
        show(
            tag(
                "div",
                title,
                mute(
                    " · ".join(part for part in (f"#{row.ticket_id}", row.sender, row.detail) if part),
                    " · ",
                    words.ago(row.since),
                ),
                cls="td-grow",
            )
        )
        st.button(
            "Let in",
            key=f"let_in_{row.ticket_id}",
            on_click=_let_in,
            args=(user, row.ticket_id),
            help="The agents take it up like a new ticket.",
        )
        st.button(
            "Dismiss",
            key=f"dismiss_{row.ticket_id}",
            on_click=_act,
            args=(lambda session, number=row.ticket_id: work.dismiss(session, user, number), "Dismissed."),
            help="Closes it; it counts in no metric.",
        )


def _let_in(user: User, ticket_id: int) -> None:
    enqueue = office.desk().enqueue
    _act(lambda session: work.let_in(session, user, enqueue, ticket_id), "Let in: the agents take it up.")


def _act(change: Callable[[Session], object], done: str) -> None:
    office.act(change, done)
