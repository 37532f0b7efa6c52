"""Webhooks: one's own, or the desk's; how their messages fare, and those that were given up."""

import streamlit as st

from pages.parts import office, screen, words
from pages.parts.markup import chip, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import Notice, User
from triage.notifications import webhooks as kept
from triage.notifications.events import EVENTS
from triage.notifications.webhooks import WebhookRow

_STATES = {
    "held": ("waiting to be sent again", "w"),
    "sending": ("being sent", ""),
    "sent": ("sent", "o"),
    "dead": ("given up", "b"),
    "cancelled": ("not sent", ""),
}


def webhooks(user: User, *, shared: bool) -> None:
    """Those that are told, each with its newest message, and a form for another."""
    editor = not shared or access.may(user, Permission.EDIT_MACHINERY)
    _fresh_secret(shared)
    for row in office.read(lambda session: kept.listing(session, user, shared=shared)):
        _webhook(user, row, editor)
    if editor:
        _new(user, shared)


def _webhook(user: User, row: WebhookRow, editor: bool) -> None:
    hook = row.webhook
    with st.container(key=f"box_webhook_{hook.id}"):
        events = ", ".join(EVENTS[name].title for name in hook.events if name in EVENTS)
        show(
            tag(
                "div",
                tag("b", hook.name),
                " ",
                mute(kept.shown(office.desk().settings, hook)),
                tag("div", mute(events)) if events else None,
            )
        )
        if row.last:
            text, tone = _STATES.get(row.last.status, (row.last.status, ""))
            said = tag("div", row.last.error) if row.last.error and row.last.status != "sent" else None
            show(tag("div", chip(text, tone), " ", mute(words.ago(row.last.sent_at or row.last.created_at)), said))
        for notice in row.dead:
            _dead(user, notice, editor)
        if editor:
            st.button("Remove", key=f"webhook_off_{hook.id}", type="tertiary", on_click=_remove, args=(user, hook.id or 0))


def _dead(user: User, notice: Notice, editor: bool) -> None:
    with st.container(key=f"dead_{notice.id}", horizontal=True, vertical_alignment="center"):
        show(tag("div", f"Not told: {notice.subject[:80]}", cls="td-grow"))
        if editor:
            st.button("Send again", key=f"dead_again_{notice.id}", on_click=_again, args=(user, notice.id or 0))


def _new(user: User, shared: bool) -> None:
    prefix = "shared_hook" if shared else "own_hook"
    screen.cleared(f"{prefix}_name", f"{prefix}_url")
    name = st.text_input("Name", key=f"{prefix}_name", placeholder="#support", max_chars=60, persist_state="session")
    url = st.text_input("Address", key=f"{prefix}_url", placeholder="https://…", type="password", persist_state="session")
    wanted: list[str] = []
    if shared:
        names = [one for one, event in EVENTS.items() if event.shared]
        wanted = st.multiselect(
            "Told of", names, format_func=lambda one: EVENTS[one].title, key=f"{prefix}_events", placeholder="Choose events"
        )
    if st.button("Add the webhook", key=f"{prefix}_go"):
        made = office.attempt(
            lambda session: kept.add(
                session, office.desk().settings, user, name=name or "", url=url or "", events=wanted, shared=shared
            )
        )
        if made:
            st.session_state[f"fresh_secret_{shared}"] = made[1]
            screen.clear(f"{prefix}_name", f"{prefix}_url")
        st.rerun()


def _fresh_secret(shared: bool) -> None:
    """Shown once: it is kept encrypted."""
    key = f"fresh_secret_{shared}"
    if secret := st.session_state.get(key):
        with st.container(key=f"box_secret_{shared}"):
            show(mute(f"Messages are signed with this secret in the header {kept.SIGNATURE}. It is not shown again."))
            st.code(secret, language=None)
            st.button("Done", key=f"secret_done_{shared}", on_click=lambda: st.session_state.pop(key, None))


def _remove(user: User, number: int) -> None:
    office.act(lambda session: kept.remove(session, user, number), "Removed.")


def _again(user: User, number: int) -> None:
    office.act(lambda session: kept.retry(session, office.desk().enqueue, user, number), "It is sent again.")
