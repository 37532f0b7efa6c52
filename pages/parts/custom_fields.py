"""Fields of tickets that the desk defines for itself: which there are, what they take, where they are asked for."""

import streamlit as st

from pages.parts import office, screen
from pages.parts.markup import chip, mute, show, tag
from triage import taxonomy
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import CustomField, User
from triage.tickets import fields
from triage.tickets.fields import KINDS, Definition


def custom_fields(user: User) -> None:
    """The fields, and a form for one more."""
    editor = access.may(user, Permission.EDIT_MACHINERY)
    rows, titles = office.read(fields.defined), office.read(taxonomy.titles)
    if not rows:
        screen.empty(
            "No fields yet",
            "A field asks for something on every ticket, or on those of some categories: a serial number, a cause.",
        )
    for row in rows:
        with st.container(key=f"box_field_{row.key}"):
            _row(user, row, titles, editor)
    if editor:
        with st.container(key="box_field_new"):
            show(tag("h2", "New field", cls="td-h3"))
            _form(user, None, titles)


def _row(user: User, row: CustomField, titles: dict[str, str], editor: bool) -> None:
    asked = ", ".join(titles.get(slug, slug) for slug in row.categories) or "every category"
    show(
        tag(
            "div", tag("b", row.title), " ", chip(KINDS[row.kind]), chip("needed before closing", "w") if row.required else None,
            tag("div", mute(f"Asked for in {asked} · {{{{field.{row.key}}}}} in macros · {row.key} in the API")),
        )
    )  # fmt: skip
    if editor:
        with st.expander("Change"):
            _form(user, row, titles)


def _form(user: User, row: CustomField | None, titles: dict[str, str]) -> None:
    name = row.key if row else "new"
    if not row:
        screen.cleared("field_title_new", "field_help_new", "field_choices_new")
    title = st.text_input("Title", value=row.title if row else "", key=f"field_title_{name}", max_chars=60)
    kinds = list(KINDS)
    kind = st.selectbox(
        "What it takes", kinds, index=kinds.index(row.kind) if row else 0, format_func=lambda value: KINDS[value], key=f"field_kind_{name}",
        disabled=row is not None,
    )  # fmt: skip
    choices = ""
    if kind == "choice":
        choices = (
            st.text_area(
                "Choices, one a line", value="\n".join(row.choices) if row else "", key=f"field_choices_{name}", height=110
            )
            or ""
        )
    asked = st.multiselect(
        "Categories that ask for it", list(titles), default=[slug for slug in (row.categories if row else []) if slug in titles],
        format_func=lambda slug: titles[slug], key=f"field_categories_{name}", placeholder="Every category",
    )  # fmt: skip
    help_ = st.text_input("A word of help", value=row.help if row else "", key=f"field_help_{name}", max_chars=200)
    required = st.checkbox(
        "Has to be filled before a ticket is closed", value=bool(row and row.required), key=f"field_required_{name}"
    )
    with st.container(horizontal=True):
        if st.button("Save" if row else "Add", key=f"field_save_{name}", type="primary"):
            wanted = Definition(title or "", kind or "text", help_ or "", choices.splitlines(), asked, required)
            if office.do(lambda session: fields.define(session, user, wanted, row.key if row else "")):
                office.toast("Saved.")
                if not row:
                    screen.clear("field_title_new", "field_help_new", "field_choices_new")
            st.rerun()
        if row and st.button("Retire", key=f"field_retire_{name}", help="It is asked for no more; what is filled in stays."):
            office.do(lambda session: fields.retire(session, user, row.key))
            st.rerun()
