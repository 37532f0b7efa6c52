"""The versions of an article: what each changed, and how an old text comes back."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.article_steps import publish
from pages.parts.difference import inline, side_by_side
from pages.parts.markup import card, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.library import editing
from triage.library.article import ArticleView
from triage.models import ArticleVersion, User


def versions(user: User, view: ArticleView) -> None:
    """One version against another, the one before it unless chosen otherwise."""
    names = {str(version.number): _named(view, version.number) for version in view.versions}
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        with st.container(width=230):
            chosen = screen.choice("Version", "v", names)
        version = view.version(int(chosen)) or view.latest
        others = {"": "Against the one before"} | {n: f"Against version {n}" for n in names if n != chosen}
        with st.container(width=230):
            against = screen.choice("Against", "against", others)
        how = screen.chips("How", "diff", {"": "Side by side", "inline": "In one text"})
    _head(user, view, version)
    before = view.version(int(against) if against else version.number - 1)
    if before is None:
        show(card(tag("div", version.body, cls="td-diff"), title="The first version"))
        return
    show(_difference(before, version, inline_wanted=how == "inline"))


def _head(user: User, view: ArticleView, version: ArticleVersion) -> None:
    with st.container(key="version_head", horizontal=True, vertical_alignment="center"):
        saved = f"Saved by {view.name(version.author)} on {words.clock(version.created_at)}"
        show(mute(saved, f" · {version.note}" if version.note else ""))
        if not access.may(user, Permission.EDIT_KNOWLEDGE) or view.row.status == "archived":
            return
        if version.number != view.latest.number and st.button(
            "Bring this text back", key="roll_back", help="Saves it as a new draft version; nothing is lost."
        ):
            if office.attempt(lambda session: editing.roll_back(session, user, view.row.id, version.number)):
                screen.go(v=None, against=None)
                office.toast("Saved as a new draft; publish it when it is right.")
            st.rerun()
        if version.number not in (view.row.published, view.row.version) and st.button(
            f"Publish version {version.number}", key="publish_version"
        ):
            publish(user, view, version.number)
            st.rerun()


def _difference(before: ArticleVersion, after: ArticleVersion, *, inline_wanted: bool) -> Markup:
    title = None if before.title == after.title else tag("div", "Title: ", inline(before.title, after.title))
    heading = f"What changed from version {before.number} to version {after.number}"
    if before.body == after.body:
        return card(title, mute("The text is the same."), title=heading)
    if inline_wanted:
        return card(title, tag("div", inline(before.body, after.body), cls="td-diff"), title=heading)
    return card(
        title, side_by_side(before.body, after.body, f"Version {before.number}", f"Version {after.number}"), title=heading
    )


def _named(view: ArticleView, number: int) -> str:
    state_of = " · published" if number == view.row.published else " · newest" if number == view.row.version else ""
    return f"Version {number}{state_of}"
