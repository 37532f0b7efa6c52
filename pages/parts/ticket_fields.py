"""What the desk notes on a ticket: its tags, and the fields that administrators defined."""

import time
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import office
from pages.parts.markup import join, mute, show, tag
from triage.models import CustomField, Ticket, User
from triage.tickets import fields, tags

_FRESH = 60.0  # seconds that the list of tags in use is not asked for again


def tag_marks(names: list[str]) -> Markup | None:
    """Tags as quiet chips."""
    return join(*[tag("span", name, cls=f"td-chip td-tag t{tags.tone(name)}") for name in names]) if names else None


def ticket_fields(user: User, ticket: Ticket, named: list[str]) -> None:
    """Tags and fields, each kept as soon as it is changed."""
    number = ticket.id or 0

    def read(session: Session) -> tuple[list[CustomField], dict[str, str]]:
        asked = fields.asked_of(session, ticket)
        return asked, fields.values(session, number) if asked else {}

    asked, filled = office.read(read)
    with st.container(key="ticket_fields"):
        show(tag("h3", "This ticket", cls="td-h3"))
        _tags(user, number, named)
        for row in asked:
            _field(user, number, row, filled.get(row.key, ""))
        if left := [row.title for row in asked if row.required and not filled.get(row.key)]:
            show(mute(f"To be filled before it is closed: {', '.join(left)}."))


def _tags(user: User, number: int, named: list[str]) -> None:
    key = f"td_tags_{number}"
    _fresh(key, named)
    st.multiselect(
        "Tags", list(dict.fromkeys([*named, *st.session_state[key], *_known()])), key=key, accept_new_options=True,
        max_selections=tags.MOST, placeholder="Add a tag", on_change=_put_tags, args=(user, number, key),
    )  # fmt: skip


def _put_tags(user: User, number: int, key: str) -> None:
    wanted = [str(name) for name in st.session_state.get(key) or []]
    office.do(lambda session: tags.put(session, user, number, wanted))
    st.session_state.pop(f"{key}_was", None)  # drawn anew as the desk keeps them


def _known() -> list[str]:
    at, known = st.session_state.get("td_known_tags", (0.0, []))
    if time.monotonic() - at > _FRESH:
        known = office.read(tags.in_use)
        st.session_state["td_known_tags"] = (time.monotonic(), known)
    return list(known)


def _field(user: User, number: int, row: CustomField, value: str) -> None:
    key = f"td_field_{number}_{row.key}"
    shown: object = value
    if row.kind == "checkbox":
        shown = value == fields.YES
    elif row.kind == "date":
        shown = date.fromisoformat(value) if value else None
    elif row.kind == "choice":
        shown = value if value in row.choices else None
    _fresh(key, shown)
    label = f"{row.title} *" if row.required else row.title
    keep: dict[str, Any] = {"key": key, "help": row.help or None, "on_change": _fill, "args": (user, number, row.key, key)}
    if row.kind == "checkbox":
        st.checkbox(label, **keep)
    elif row.kind == "date":
        st.date_input(label, format="YYYY-MM-DD", **keep)
    elif row.kind == "choice":
        st.selectbox(label, row.choices, placeholder="Choose one", **keep)
    else:
        st.text_input(label, **keep)


def _fill(user: User, number: int, name: str, key: str) -> None:
    given = st.session_state.get(key)
    text = "" if given is None or given is False else fields.YES if given is True else str(given)
    if not office.do(lambda session: fields.fill(session, user, number, {name: text})):
        return  # what was typed stays in the field
    st.session_state.pop(f"{key}_was", None)


def _fresh(key: str, kept: object) -> None:
    """Show what the desk keeps when that changed since this widget was drawn; else what the person is at."""
    if key not in st.session_state or st.session_state.get(f"{key}_was", _NEVER) != kept:
        st.session_state[key] = st.session_state[f"{key}_was"] = kept


_NEVER = object()
