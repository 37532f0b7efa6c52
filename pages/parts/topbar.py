"""The top bar: brand, the screens this person may see, agents at work, the person's own menu."""

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup
from streamlit.navigation.page import StreamlitPage

from pages.parts import office
from pages.parts.bell import bell
from pages.parts.markup import mute, show, tag
from triage import alerts
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import User
from triage.tickets import inbox

_EVERY = "5s"


def top_bar(user: User, pages: Sequence[StreamlitPage], chosen: StreamlitPage, demo: bool) -> None:
    """Drawn on every screen, above it."""
    with st.container(key="topbar", horizontal=True):
        show(tag("div", tag("i", aria_hidden="true"), "Triage Desk", cls="td-brand"))
        for page in pages:
            with st.container(key="nav_on" if page == chosen else f"nav_{page.url_path or 'home'}"):
                st.page_link(page, label=page.title)
        _agents(user)
        bell(user)
        with st.popover(f"{user.name} ({user.role})", key="user_menu"):
            show(_menu(user))
    if demo:
        show(
            tag(
                "div",
                "Demo: an invented company, reachable from this computer only. Replies go to a mailbox folder, not to the internet.",
                cls="td-demo",
                role="note",
            )
        )


@st.fragment(run_every=_EVERY)
def _agents(user: User) -> None:
    busy = office.read(inbox.at_work)
    text = f"Agents: {busy:,} at work" if busy else "Agents: idle"
    said = tag("div", text, cls="td-agents busy" if busy else "td-agents", title="Tickets the agents are working on now")
    show(tag("div", _alerts(user), said, cls="td-notices"))


def _alerts(user: User) -> Markup | None:
    """A notice to those who may look after it, until somebody has acknowledged every alert."""
    if not access.may(user, Permission.READ_MACHINERY) or not (count := office.read(alerts.open_count)):
        return None
    said = f"{count:,} {'alert' if count == 1 else 'alerts'}"
    return tag(
        "a",
        said,
        href="/guardrails?part=alerts",
        target="_self",
        cls="td-chip b",
        title="Something unusual that nobody has acknowledged yet",
    )


def _menu(user: User) -> Markup:
    return tag(
        "div",
        tag("div", tag("b", user.name), Markup("<br>"), mute(user.email), cls="who"),
        tag("a", "What you are told", href="/you?part=choices", target="_self"),
        tag("a", "Account and password", href="/you?part=account", target="_self"),
        tag("a", "Sign out", href="/logout", target="_self"),
        cls="td-menu",
    )
