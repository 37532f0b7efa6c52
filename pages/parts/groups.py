"""Groups of people, and which matters that always go to a person are whose."""

import streamlit as st

from pages.parts import office, screen
from pages.parts.markup import mute, show, tag
from triage import teams
from triage.accounts import access, users
from triage.accounts.access import Permission
from triage.guardrails.escalation import MATTERS
from triage.models import User
from triage.teams import TeamRow
from triage.tickets import sharing


def groups(user: User) -> None:
    """The groups with their people on the left, the routes of matters on the right."""
    editor = access.may(user, Permission.EDIT_MACHINERY)
    found = office.read(lambda session: teams.listing(session, user))
    left, right = st.columns([1.4, 1], gap="medium")
    with left:
        if editor:
            _new(user)
        if not found:
            screen.empty(
                "No groups yet",
                "Tickets are routed to groups by their category. Everybody sees their own under “My groups” in the inbox.",
            )
        people = {person.id or 0: person.name for person in office.read(users.listing) if not person.disabled_at}
        for row in found:
            _group(user, row, people, editor)
    with right, st.container(key="box_routes"):
        _routes(user, [row.name for row in found], editor)


def _new(user: User) -> None:
    screen.cleared("group_name")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("New group", key="group_name", max_chars=60, placeholder="Billing")
        if st.button("Add", key="group_add", type="primary"):
            if office.do(lambda session: teams.add(session, user, name or "")):
                screen.clear("group_name")
            st.rerun()


def _group(user: User, row: TeamRow, people: dict[int, str], editor: bool) -> None:
    with st.container(key=f"box_group_{row.name}"):
        gets = ", ".join([*row.categories, *row.matters])
        show(tag("h2", row.name, cls="td-h3"), mute(f"Gets: {gets}." if gets else "No category is routed here."))
        if editor:
            _members(user, row, people)
        else:
            show(mute("People: " + (", ".join(person.name for person in row.members) or "nobody yet") + "."))


def _members(user: User, row: TeamRow, people: dict[int, str]) -> None:
    key = f"group_people_{row.name}"
    st.multiselect(
        f"People of {row.name}", list(people), default=[person.id or 0 for person in row.members if person.id in people], key=key,
        format_func=lambda number: people.get(number, ""), placeholder="Nobody yet",
        on_change=lambda: office.act(lambda session: teams.set_members(session, user, row.name, list(st.session_state[key])), "Saved."),
    )  # fmt: skip
    ways = list(sharing.WAYS)
    way = f"group_way_{row.name}"
    st.selectbox(
        "How it shares new tickets", ways, index=ways.index(row.sharing) if row.sharing in ways else 0, key=way, format_func=lambda each: sharing.WAYS[each],
        on_change=lambda: office.act(lambda session: sharing.set_way(session, user, row.name, str(st.session_state[way])), "Saved."),
    )  # fmt: skip
    st.button(
        "Remove the group", key=f"group_remove_{row.name}", on_click=office.act,
        args=(lambda session: teams.remove(session, user, row.name), f"{row.name} is gone."),
    )  # fmt: skip


def _routes(user: User, names: list[str], editor: bool) -> None:
    show(
        tag("h2", "Matters that always go to a person", cls="td-h3"),
        mute(
            "Such a ticket escalates whatever the agents plan, and a manager decides. A group named here gets it instead of the category's."
        ),
    )
    options = ["", *names]
    for matter, team in office.read(teams.routes).items():
        if not editor:
            show(tag("div", tag("b", MATTERS[matter].capitalize()), mute(f": {team or 'the category’s group'}"), cls="td-item"))
            continue
        key = f"route_{matter}"
        st.selectbox(
            MATTERS[matter].capitalize(), options, index=options.index(team) if team in options else 0, key=key,
            format_func=lambda name: name or "The category's group",
            on_change=_set_route, args=(user, matter, key),
        )  # fmt: skip


def _set_route(user: User, matter: str, key: str) -> None:
    office.act(lambda session: teams.set_route(session, user, matter, str(st.session_state[key])), "Saved.")
