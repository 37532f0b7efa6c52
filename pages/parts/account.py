"""One's own account: who one is here, and what lets one in."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, words
from pages.parts.markup import card, mute, rows, show, tag
from triage import administration
from triage.models import Role, User

ROLES = {Role.STAFF: "Staff", Role.MANAGER: "Manager", Role.ADMIN: "Admin"}
MEANS = {
    Role.STAFF: "decides routine drafts",
    Role.MANAGER: "decides sensitive drafts too, sees all figures",
    Role.ADMIN: "edits knowledge, rules, people and keys",
}


def account(user: User) -> None:
    """Name, address and role; the password, and a way out of every browser."""
    left, right = st.columns(2, gap="medium")
    with left:
        role = Role(user.role)
        facts: list[tuple[str, str | Markup | None]] = [
            ("Name", user.name), ("Address", user.email), ("Role", f"{ROLES[role]}: {MEANS[role]}"), ("Since", words.clock(user.created_at)),
        ]  # fmt: skip
        show(card(rows(facts), title="Your account"))
        if user.demo:
            show(mute("A demo account: it needs no password and works on this computer only."))
    with right, st.container(key="box_access"):
        show(tag("div", "Access", cls="td-h3"), mute("A new password signs your other browsers out."))
        with st.container(horizontal=True):
            if not user.demo:
                st.link_button("Change password", "/account")
            st.button(
                "Sign out everywhere", key="sign_out_all", help="Ends your session in every browser, this one included.",
                on_click=office.act, args=(lambda session: administration.sign_out_everywhere(session, user),),
            )  # fmt: skip
