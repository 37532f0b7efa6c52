"""Macros: saved replies with gaps that the desk fills, one's own and everybody's; written, tried, taken out and in as a file."""

from typing import Any

import streamlit as st

from pages.parts import office, screen, state, words
from pages.parts.download import download
from pages.parts.markup import chip, mute, show, tag
from triage import macros as service
from triage import taxonomy, teams
from triage.accounts import access, users
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.macros import MacroText
from triage.models import Macro, Priority, Ticket, User
from triage.tickets import fields, tags

NEW = "new"


def macros(user: User) -> None:
    """The list, or the one that the address names."""
    rows = office.read(lambda session: service.listing(session, user))
    chosen = st.query_params.get("macro", "")
    row = next((row for row in rows if str(row.id) == chosen), None)
    if row is not None or chosen == NEW:
        _one(user, row)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        show(mute("Type :: in a reply to choose one. It is put at the caret; nothing is sent by it."))
        st.button("New macro", key="macro_new", type="primary", on_click=lambda: screen.go(macro=NEW))
    if not rows:
        screen.empty("No macros yet", "Save a reply that you write often. Gaps such as {{customer.first_name}} fill themselves.")
    for row in rows:
        _row(row)
    with st.container(key="box_macro_files"):
        _files(user)


def _row(row: Macro) -> None:
    with st.container(key=f"box_macro_{row.id}", horizontal=True, vertical_alignment="center", wrap=False):
        who = row.team if row.audience == "group" else service.AUDIENCES[row.audience]
        short = tag("kbd", f"::{row.shortcut}") if row.shortcut else None
        line = " ".join(row.body.split())
        said = " · ".join(
            part for part in (service.told(row), f"used {words.plural(row.used, 'time')}" if row.used else "not used yet") if part
        )
        show(
            tag(
                "div", tag("b", row.title), " ", short, " ", chip(who), tag("div", line[:120] + ("…" if len(line) > 120 else "")),
                mute(said), cls="td-grow",
            )
        )  # fmt: skip
        st.button("Open", key=f"macro_open_{row.id}", on_click=lambda number=row.id: screen.go(macro=str(number)))


def _one(user: User, row: Macro | None) -> None:
    st.button("All macros", key="macro_back", on_click=lambda: screen.go(macro=None))
    mine = row is None or service.may_change(user, row)
    name = str(row.id) if row else NEW
    left, right = st.columns([1.3, 1], gap="medium")
    with left, st.container(key="box_macro_text"):
        text = _text(user, row, name, mine)
    with right:
        with st.container(key="box_macro_sets"):
            actions = _sets(row, name, mine)
        with st.container(key="box_macro_try"):
            _try(user, text.body)
    with left, st.container(horizontal=True):
        if mine and st.button("Save", key="macro_save", type="primary", shortcut="Ctrl+S"):
            _save(user, row, MacroText(text.title, text.body, text.shortcut, text.audience, text.team, actions))
        if row and not mine and st.button("Make a copy of my own", key="macro_copy"):
            _save(user, None, MacroText(row.title, row.body, row.shortcut, "own", "", dict(row.actions)))
        if row and mine and st.button("Remove", key="macro_remove"):
            if office.do(lambda session: service.remove(session, user, row.id or 0)):
                office.toast("Removed; its text stays in the audit log.")
                screen.go(macro=None)
            st.rerun()


def _text(user: User, row: Macro | None, name: str, mine: bool) -> MacroText:
    show(tag("h2", row.title if row else "New macro", cls="td-h3"))
    kept: dict[str, Any] = {"disabled": not mine, "persist_state": "session"}
    title = st.text_input("Title", value=row.title if row else "", key=f"macro_title_{name}", max_chars=80, **kept)
    short = st.text_input(
        "Shortcut", value=row.shortcut if row else "", key=f"macro_short_{name}", max_chars=30, placeholder="refund-late",
        help="Typed after :: it is the first in the list.", **kept,
    )  # fmt: skip
    body = st.text_area("Text", value=row.body if row else "", key=f"macro_body_{name}", height=260, **kept)
    with st.expander("What can stand in {{ }}"):
        own = [(f"field.{field.key}", field.title) for field in office.read(fields.defined)]
        listed = [*service.VARIABLES.items(), *own]
        show(screen.report(["Write", "It becomes"], [[tag("code", "{{" + key + "}}"), what] for key, what in listed]))
    audience, team = row.audience if row else "own", row.team if row else ""
    if access.may(user, Permission.EDIT_MACHINERY):
        kinds = list(service.AUDIENCES)
        audience = str(
            st.selectbox("Who uses it", kinds, index=kinds.index(audience), format_func=lambda who: service.AUDIENCES[who], key=f"macro_who_{name}", disabled=not mine)
        )  # fmt: skip
        groups = office.read(teams.names)
        if audience == "group":
            team = str(
                st.selectbox("Group", groups, index=groups.index(team) if team in groups else 0, key=f"macro_team_{name}") or ""
            )
    return MacroText(title or "", body or "", short or "", audience, team if audience == "group" else "")


def _sets(row: Macro | None, name: str, mine: bool) -> dict[str, object]:
    """What choosing it also sets."""
    kept = dict(row.actions) if row else {}
    show(tag("h2", "It also sets", cls="td-h3"))
    titles = office.read(taxonomy.titles)
    slugs, priorities = ["", *titles], ["", *[priority.value for priority in Priority]]
    people = {person.email: person.name for person in office.read(users.listing) if not person.disabled_at}
    whom = ["", "me", *people]
    category = st.selectbox(
        "Category", slugs, index=_index(slugs, kept.get("category")), key=f"macro_category_{name}", disabled=not mine,
        format_func=lambda slug: titles.get(slug, "As it is"),
    )  # fmt: skip
    priority = st.selectbox(
        "Priority", priorities, index=_index(priorities, kept.get("priority")), key=f"macro_priority_{name}", disabled=not mine,
        format_func=lambda value: value or "As it is",
    )  # fmt: skip
    named = [str(each) for each in kept.get("tags") or []]  # type: ignore[attr-defined]
    chosen = st.multiselect(
        "Tags", list(dict.fromkeys([*named, *office.read(tags.in_use)])), default=named, key=f"macro_tags_{name}", disabled=not mine,
        accept_new_options=True, placeholder="None",
    )  # fmt: skip
    who = st.selectbox(
        "Assign to", whom, index=_index(whom, kept.get("assignee")), key=f"macro_assign_{name}", disabled=not mine,
        format_func=lambda email: {"": "As it is", "me": "Whoever uses it"}.get(email, people.get(email, email)),
    )  # fmt: skip
    hours = st.number_input(
        "Snooze for hours", min_value=0.0, max_value=2160.0, step=1.0, value=float(str(kept.get("snooze_hours") or 0)), key=f"macro_snooze_{name}", disabled=not mine,
        help="0: not at all",
    )  # fmt: skip
    return {"category": category, "priority": priority, "tags": list(chosen), "assignee": who, "snooze_hours": hours}


def _index(options: list[str], value: object) -> int:
    return options.index(str(value)) if value in options else 0


def _save(user: User, row: Macro | None, text: MacroText) -> None:
    made = office.attempt(
        lambda session: service.save(session, user, text, row.id if row else None, version=row.version if row else None).id
    )
    if made:
        office.toast("Saved.")
        for name in [key for key in st.session_state if str(key).startswith("macro_") and str(key).endswith(f"_{NEW}")]:
            del st.session_state[name]
        screen.go(macro=str(made))
    st.rerun()


def _try(user: User, body: str) -> None:
    """The text as one ticket would have it."""
    show(tag("h2", "How it reads", cls="td-h3"))
    number = st.text_input("For ticket", key="macro_try", placeholder="Its number")
    plain = (number or "").strip().lstrip("#")
    if not plain.isdecimal():
        show(mute("Give a ticket's number to see its gaps filled."))
        return
    settings = office.desk().settings
    try:
        ticket = office.read(lambda session: session.get(Ticket, min(int(plain), 2**31 - 1)))
        filled = office.read(lambda session: service.fill(session, settings, user, ticket, body)) if ticket else None
    except TriageError as error:
        show(mute(str(error)))
        return
    if filled is None:
        show(mute("There is no such ticket."))
        return
    show(tag("div", filled.text, cls="td-text"))
    if filled.missing:
        show(mute("Cannot be filled: " + "; ".join(f"{name}, because {why}" for name, why in filled.missing.items()) + "."))


def _files(user: User) -> None:
    show(tag("h2", "As a file", cls="td-h3"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        download(
            "Export as YAML", lambda: office.read(lambda session: service.export_yaml(session, user)), "macros.yaml", "application/yaml",
            key="macro_export",
        )  # fmt: skip
        file = st.file_uploader("Import a YAML file", type=["yaml", "yml"], key="macro_file", max_upload_size=2)
        if file is not None and st.button("Take in", key="macro_import", type="primary"):
            _take_in(user, file.getvalue())


def _take_in(user: User, data: bytes) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        state.say("error", "That did not work", "This file is not UTF-8 text.")
        st.rerun()
    done = office.attempt(lambda session: service.import_yaml(session, user, text))
    if done:
        office.toast(f"{words.plural(done[0], 'macro')} made, {done[1]} changed.")
    st.rerun()
