"""One article: its head with what can be done to it, and its parts."""

from datetime import date

import streamlit as st
from markupsafe import Markup

from knowledge_base.chunking import plain
from pages.parts import office, screen, words
from pages.parts.article_edit import edit
from pages.parts.article_files import files
from pages.parts.article_list import marks
from pages.parts.article_steps import next_steps, unsaved
from pages.parts.article_versions import versions
from pages.parts.knowledge_break import rehearsal
from pages.parts.markdown import rendered
from pages.parts.markup import card, chip, join, mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.library import links, suggestions, trial
from triage.library.article import ArticleView, load
from triage.models import User

NEW = "new"


def article(user: User, article_id: str) -> None:
    """The screen of one article; `NEW` begins one."""
    st.button(
        "← All articles", key="all_articles", type="tertiary", on_click=lambda: screen.go(article=None, tab=None, of=None, v=None)
    )
    if article_id == NEW:
        _new(user)
        return
    try:
        view = office.read(lambda session: load(session, article_id))
    except InputError as error:
        screen.empty("This article cannot be shown", str(error))
        return
    editor = access.may(user, Permission.EDIT_KNOWLEDGE)
    _head(user, view, editor)
    parts = {"": "Read"} | ({"edit": "Edit"} if editor and view.row.status != "archived" else {})
    parts |= {"versions": f"Versions ({len(view.versions)})", "files": _files_label(view)}
    parts |= {"break": "What would this change?"} if editor and view.row.status != "archived" else {}
    tab = screen.chips("Part", "tab", parts | {"suggest": "Suggest a change"})
    {"edit": edit, "versions": versions, "files": files, "break": rehearsal, "suggest": suggestion}.get(tab, _read)(user, view)


def suggestion(user: User, view: ArticleView | None) -> None:
    """A word to the administrators about an article, or about one that is missing."""
    key = f"suggest_{view.row.id if view else NEW}"
    label = "What should it say differently?" if view else "Which question has no article yet, and what is the answer?"
    screen.cleared(key)
    with st.container(key="box_suggest"):
        text = st.text_area(label, key=key, height=130, persist_state="session", max_chars=2000)
        if st.button("Send to the administrators", key=f"{key}_send", type="primary"):
            about = view.row.id if view else None
            if office.do(lambda session: suggestions.suggest(session, user, about, text or "")):
                screen.clear(key)
                office.toast("Sent. The administrators see it on this page.")
            st.rerun()


def _new(user: User) -> None:
    """A new article, or the translation of one."""
    of = st.query_params.get("of", "")
    original = None
    if of:
        try:
            original = office.read(lambda session: load(session, of))
        except InputError as error:
            screen.empty("There is nothing to translate", str(error))
            return
    screen.heading(f"Translate “{original.latest.title}”" if original else "New article")
    edit(user, None, original=original)


def _files_label(view: ArticleView) -> str:
    return f"Files and links ({len(view.files)})" if view.files else "Files and links"


# ---- head -------------------------------------------------------------------------------------------------


def _head(user: User, view: ArticleView, editor: bool) -> None:
    row = view.row
    facts: list[str | Markup] = [
        row.category, words.LANGUAGE.get(row.language, row.language), f"owner {row.owner}" if row.owner else "no owner",
        f"used in {words.plural(row.used, 'reply', 'replies')} in 90 days",
        f"{row.edited:,} of {row.sentences:,} sentences edited" if row.edited else "", _checked(row.verified_on),
    ]  # fmt: skip
    with st.container(key="article_head", horizontal=True, vertical_alignment="top", wrap=False):
        show(
            tag(
                "div",
                tag("h1", view.latest.title),
                screen.tone_chips(marks(row)),
                tag("div", mute(" · ".join(str(fact) for fact in facts if fact)), style="flex-basis:100%"),
                _languages(view),
                cls="td-title",
            )
        )
        if editor:
            next_steps(user, view)
    if editor:
        unsaved(user, view)


def _languages(view: ArticleView) -> Markup | None:
    if not view.translations:
        return None
    others = [
        join(screen.link(f"{words.LANGUAGE.get(t.language, t.language)}", f"{screen.KNOWLEDGE}?article={t.id}"), "" if t.published else mute(" (draft)"), " ")
        for t in view.translations
    ]  # fmt: skip
    behind = (
        chip("original changed since", "w", "The original was published anew after this translation was last changed")
        if view.behind
        else None
    )
    return tag("div", mute("Also in "), *others, behind, style="flex-basis:100%")


def _checked(day: date | None) -> str:
    return f"verified {day:%-d %b %Y}" if day else "never verified"


# ---- read -------------------------------------------------------------------------------------------------


def _read(user: User, view: ArticleView) -> None:
    shown = view.version(view.row.published) or view.latest
    if view.row.unpublished_changes:
        text = f"This is version {shown.number}, which searches find. Version {view.row.version} is a draft."
        show(tag("div", text, cls="td-strip"))
    left, right = st.columns([2, 1], gap="medium")
    with left:
        show(card(office.read(lambda session: rendered(shown.body, links.resolver(session)))))
    with right:
        show(passages(shown.title, shown.body, "What searches find of it"))


def passages(title: str, body: str, heading: str) -> Markup:
    """The pieces that searches find of a text."""
    cut = trial.pieces(title, body)
    items = [
        tag(
            "div",
            tag("b", f"{n}. {piece.heading or title}"),
            " ",
            mute(words.plural(len(piece.text.split()), "word")),
            tag("div", plain(piece.text), cls="td-mute block td-text"),
            cls="td-item",
        )
        for n, piece in enumerate(cut, 1)
    ]
    return card(*items or [mute("Nothing yet.")], title=f"{heading}: {words.plural(len(cut), 'passage')}")
