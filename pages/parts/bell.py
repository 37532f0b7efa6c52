"""The bell in the top bar: how much is unread, and the newest of it, alive without touching the page."""

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import office, words
from pages.parts.markup import mute, show, tag
from triage.models import User
from triage.notifications import reading
from triage.notifications.events import EVENTS
from triage.notifications.reading import MANY, Row

_EVERY = "5s"
_SHOWN = 7
WHOLE = "/you"


@st.fragment(run_every=_EVERY)
def bell(user: User) -> None:
    """Counts every few seconds; the list is read only while it is open."""
    count = office.read(lambda session: reading.unread(session, user))
    said = f"{MANY}+" if count > MANY else str(count) if count else ""
    with st.container(key="bell_box"):
        # The panel's button never changes, or it would be another one to Streamlit: closed, and without the focus.
        show(
            tag(
                "div", said, tag("span", " unread notifications") if count else None, cls=f"td-unread n{len(said)}", role="status"
            )
        )
        box = st.popover("Notifications", icon=":material/notifications:", key="bell", on_change="rerun")
    if not box.open:
        return
    with box:
        rows = office.read(lambda session: reading.listing(session, user, size=_SHOWN)).rows
        show(
            tag("div", *[line(row) for row in rows], cls="td-notes") if rows else mute("Nothing happened yet that concerns you.")
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Mark all as read", key="bell_read", disabled=not count, on_click=_read_all, args=(user,))
            show(tag("a", "All notifications", href=WHOLE, target="_self", cls="td-link"))


def line(row: Row) -> Markup:
    """One notification: what it is, its words, when; a link to what it is about."""
    note = row.note
    text = tag("span", note.text, cls="td-note-text")
    what = tag("div", tag("b", EVENTS[row.event].title), " ", mute(words.ago(note.created_at)))
    where = address(row)
    body = tag("a", what, text, href=where, target="_self") if where else tag("div", what, text)
    unread = tag("span", "unread", cls="td-dot-new", title="Unread") if row.unread else None
    return tag("div", body, unread, cls="td-note new" if row.unread else "td-note")


def address(row: Row) -> str:
    """Where a notification leads."""
    if row.note.ticket_id:
        return f"/?view=all&ticket={row.note.ticket_id}"
    return {
        "incident": "/?view=incidents", "alert": "/guardrails?part=alerts", "gap": "/knowledge?part=gaps", "knowledge": "/knowledge",
    }.get(row.event, "")  # fmt: skip


def _read_all(user: User) -> None:
    def change(session: Session) -> None:
        reading.read_all(session, user)

    office.do(change)
