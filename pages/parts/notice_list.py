"""Everything one was told, the newest first: by event, unread or all, read and unread again."""

import streamlit as st

from pages.parts import office, screen
from pages.parts.bell import line
from pages.parts.markup import mute, show
from triage.models import User
from triage.notifications import reading
from triage.notifications.events import EVENTS
from triage.notifications.reading import Row

_EVERY = "5s"


def notices(user: User) -> None:
    """Filters in the address, and the list below them."""
    with st.container(horizontal=True, vertical_alignment="center", key="notice_filters"):
        what = screen.choice("Event", "event", {"": "Every event"} | {name: event.title for name, event in EVENTS.items()})
        which = screen.choice("Which", "show", {"": "All", "unread": "Unread"})
        st.button("Mark all as read", key="notices_read", on_click=_read_all, args=(user,))
    _list(user, what, which == "unread")


@st.fragment(run_every=_EVERY)
def _list(user: User, event: str, only_unread: bool) -> None:
    number = screen.page_number()
    found = office.read(lambda session: reading.listing(session, user, event=event, only_unread=only_unread, page=number))
    if not found.rows:
        screen.empty(
            "Nothing unread" if only_unread else "Nothing here yet",
            "What concerns you appears here by itself. Choose under “What you are told” what that is.",
        )
    for row in found.rows:
        _row(user, row)
    if number > 1 or found.more:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Newer", key="notices_back", disabled=number <= 1, on_click=_turn, args=(number - 1,))
            show(mute(f"Page {number:,}"))
            st.button("Older", key="notices_next", disabled=not found.more, on_click=_turn, args=(number + 1,))


def _row(user: User, row: Row) -> None:
    number = row.note.id or 0
    with st.container(key=f"note_row_{number}", horizontal=True, vertical_alignment="center", wrap=False):
        show(line(row))
        label = "Mark read" if row.unread else "Mark unread"
        st.button(label, key=f"note_{number}", type="tertiary", on_click=_mark, args=(user, number, row.unread))


def _mark(user: User, number: int, read: bool) -> None:
    office.do(lambda session: reading.mark(session, user, [number], read=read))


def _read_all(user: User) -> None:
    office.do(lambda session: reading.read_all(session, user))


def _turn(number: int) -> None:
    screen.go(page=str(number) if number > 1 else None)
