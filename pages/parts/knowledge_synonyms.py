"""Synonyms: what customers call a thing and what articles call it."""

import streamlit as st

from pages.parts import office, screen, words
from pages.parts.markup import chip, join, mute, show, tag
from triage.library import synonyms
from triage.models import SynonymGroup, User


def synonym_list(user: User) -> None:
    """The groups, and a field for another one."""
    groups = office.read(synonyms.listing)
    with st.container(key="box_synonyms"):
        show(
            tag("div", "Synonyms", cls="td-h3"),
            mute("Searches for one term of a group find the others as well. Two terms or more, set apart by commas."),
        )
        screen.cleared("synonyms_new")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                "New group", key="synonyms_new", max_chars=800, placeholder="VAT, value added tax", label_visibility="collapsed"
            )
            st.button("Add", key="synonyms_add", type="primary", on_click=_add, args=(user,))
        if not groups:
            show(mute("None yet. Test search shows which words of a question no article holds: those are worth a group."))
        for group in groups:
            _group(user, group)
        if groups:
            show(mute(words.plural(len(groups), "group")))


def _group(user: User, group: SynonymGroup) -> None:
    with st.container(key=f"synonyms_{group.id}", horizontal=True, vertical_alignment="center"):
        show(tag("div", join(*[chip(term) for term in group.terms]), cls="td-grow"))
        st.button("Remove", key=f"synonyms_remove_{group.id}", on_click=_remove, args=(user, group))


def _add(user: User) -> None:
    line = str(st.session_state.get("synonyms_new") or "")
    if office.do(lambda session: synonyms.add(session, user, line)):
        screen.clear("synonyms_new")
        office.toast("Added. Searches know it within seconds.")


def _remove(user: User, group: SynonymGroup) -> None:
    office.act(lambda session: synonyms.remove(session, user, group.id or 0), f"Removed: {', '.join(group.terms)}.")
