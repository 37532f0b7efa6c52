"""One article: read it, edit it beside its preview, look through its versions, suggest a change."""

from collections.abc import Callable
from datetime import date
from typing import Any

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from knowledge_base.chunking import plain
from pages.parts import office, screen, words
from pages.parts.draft_card import difference
from pages.parts.markdown import rendered
from pages.parts.markup import card, mute, show, tag
from pages.parts.search_hits import hits
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.library import editing, publishing, suggestions, trial
from triage.library.article import ArticleView, load
from triage.library.rows import ArticleRow, category_titles
from triage.models import User

NEW = "new"
_LANGUAGES = [code for code in words.LANGUAGE if code != "und"]
_EMPTY = ArticleRow("", "", "article", "", "public", "en", "draft", "", 0, None, False, 0, None)


def article(user: User, article_id: str) -> None:
    """The screen of one article; `NEW` begins one."""
    st.button("← All articles", key="all_articles", type="tertiary", on_click=lambda: screen.go(article=None, tab=None))
    if article_id == NEW:
        _edit(user, None)
        return
    try:
        view = office.read(lambda session: load(session, article_id))
    except InputError as error:
        screen.empty("This article cannot be shown", str(error))
        return
    _head(user, view)
    editor = access.may(user, Permission.EDIT_KNOWLEDGE)
    tab = screen.chips(
        "Part",
        "tab",
        {"": "Read"}
        | ({"edit": "Edit"} if editor else {})
        | {"versions": f"Versions ({len(view.versions)})", "suggest": "Suggest a change"},
    )
    {"edit": _edit, "versions": _versions, "suggest": suggestion}.get(tab, _read)(user, view)


def marks(row: ArticleRow) -> list[tuple[str, str]]:
    """(word, tone) of an article's state."""
    found = [("published", "o") if row.published else ("draft", "w")]
    if row.unpublished_changes:
        found.append((f"draft v{row.version} waits", "w"))
    if row.audience != "public":
        found.append((row.audience, ""))
    if row.stale:
        found.append(("stale", "b"))
    return found


def suggestion(user: User, view: ArticleView | None) -> None:
    """A word to the administrators about an article, or about one that is missing."""
    key = f"suggest_{view.row.id if view else NEW}"
    label = "What should it say differently?" if view else "Which question has no article yet, and what is the answer?"
    screen.cleared(key)
    with st.container(key="box_suggest"):
        text = st.text_area(label, key=key, height=130, persist_state="session", max_chars=2000)
        if st.button("Send to the administrators", key=f"{key}_send", type="primary"):
            done = office.attempt(
                lambda session: _done(suggestions.suggest, session, user, view.row.id if view else None, text or "")
            )
            if done:
                screen.clear(key)
                office.toast("Sent. The administrators see it on this page.")
            st.rerun()


# ---- head -------------------------------------------------------------------------------------------------


def _head(user: User, view: ArticleView) -> None:
    row = view.row
    facts = [row.category, words.LANGUAGE.get(row.language, row.language), f"owner {row.owner}" if row.owner else "no owner",
             f"used in {words.plural(row.used, 'reply', 'replies')} in 90 days", _checked(row.verified_on)]  # fmt: skip
    with st.container(key="article_head", horizontal=True, vertical_alignment="center", wrap=False):
        show(
            tag(
                "div",
                tag("h1", view.latest.title),
                screen.tone_chips(marks(row)),
                tag("div", mute(" · ".join(fact for fact in facts if fact)), style="flex-basis:100%"),
                cls="td-title",
            )
        )
        if access.may(user, Permission.EDIT_KNOWLEDGE):
            _actions(user, view)


def _actions(user: User, view: ArticleView) -> None:
    row = view.row
    if row.published != row.version:
        if st.button(f"Publish version {row.version}", key="publish", type="primary"):
            publish(user, view)
            st.rerun()
    elif st.button("Unpublish", key="unpublish", help="Takes it out of every search at once; its versions stay."):
        if office.attempt(lambda session: _done(publishing.unpublish, session, user, row.id)):
            sync()
            office.toast("Unpublished: no search finds it any more.")
        st.rerun()
    if st.button("Still right", key="confirm", help="Says that you read it today and it is correct."):
        office.attempt(lambda session: _done(publishing.confirm, session, user, row.id))
        st.rerun()


def publish(user: User, view: ArticleView, number: int | None = None) -> None:
    """Embed first, then publish in one short transaction, then bring the index along."""
    with st.spinner("Publishing…"):
        vectors = publishing.prepared(office.desk().embedder, view, number)
        changed = office.attempt(lambda session: publishing.publish(session, user, view.row.id, embed=vectors, version=number))
        if changed is not None:
            sync()
            office.toast(f"Published. {words.plural(changed, 'passage')} new or changed.")


def sync() -> None:
    desk = office.desk()
    desk.index.sync(desk.database)


def _checked(day: date | None) -> str:
    return f"verified {day:%-d %b %Y}" if day else "never verified"


# ---- read, versions ---------------------------------------------------------------------------------------


def _read(user: User, view: ArticleView) -> None:
    shown = view.version(view.row.published) or view.latest
    if view.row.unpublished_changes:
        show(
            tag(
                "div",
                f"This is version {shown.number}, which searches find. Version {view.row.version} is a draft.",
                cls="td-strip",
            )
        )
    left, right = st.columns([2, 1], gap="medium")
    with left:
        show(card(rendered(shown.body)))
    with right:
        show(_passages(shown.title, shown.body, "What searches find of it"))


def _passages(title: str, body: str, heading: str) -> Markup:
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


def _versions(user: User, view: ArticleView) -> None:
    newest = view.latest.number
    chosen = screen.choice("Version", "v", {str(v.number): _named(view, v.number) for v in view.versions})
    version = view.version(int(chosen)) or view.latest
    before = view.version(version.number - 1)
    with st.container(key="version_head", horizontal=True, vertical_alignment="center", wrap=False):
        author = view.authors.get(version.author, version.author or "the system")
        show(mute(f"Saved by {author} on {words.clock(version.created_at)}", f" · {version.note}" if version.note else ""))
        if access.may(user, Permission.EDIT_KNOWLEDGE):
            if version.number != newest and st.button(
                "Bring this text back", key="roll_back", help="Saves it as a new draft version."
            ):
                if office.attempt(lambda session: editing.roll_back(session, user, view.row.id, version.number)):
                    screen.go(v=None)
                    office.toast("Saved as a new draft; publish it when it is right.")
                st.rerun()
            if version.number != view.row.published and st.button(f"Publish version {version.number}", key="publish_version"):
                publish(user, view, version.number)
                st.rerun()
    if before is None:
        show(card(tag("div", version.body, cls="td-diff"), title="The first version"))
        return
    title = None if before.title == version.title else tag("div", "Title: ", difference(before.title, version.title))
    show(
        card(
            title,
            tag("div", difference(before.body, version.body), cls="td-diff"),
            title=f"What changed since version {before.number}",
        )
    )


def _named(view: ArticleView, number: int) -> str:
    state_of = " · published" if number == view.row.published else " · newest" if number == view.row.version else ""
    return f"Version {number}{state_of}"


# ---- edit -------------------------------------------------------------------------------------------------


def _edit(user: User, view: ArticleView | None) -> None:
    row = view.row if view else _EMPTY
    key = f"edit_{row.id or NEW}"
    _fill(key, view)
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="box_editor"):
        title = st.text_input("Title", key=f"{key}_title", max_chars=200, persist_state="session")
        meta = _properties(key, view)
        body = st.text_area(
            "Text (Markdown)",
            key=f"{key}_body",
            height=460,
            persist_state="session",
            help="The preview follows when you leave the field or press Ctrl+Enter.",
        )
        note = st.text_input(
            "What did you change?",
            key=f"{key}_note",
            max_chars=200,
            persist_state="session",
            placeholder="For the list of versions",
        )
        with st.container(horizontal=True):
            if st.button("Save draft", key=f"{key}_save", type="primary", shortcut="Ctrl+S"):
                _save(user, view, key, title or "", body or "", note or "", meta)
            if st.button("Start over", key=f"{key}_reset", help="Throws away what was not saved."):
                _forget(key)
                st.rerun()
    with right, st.container(key="box_beside"):
        _beside(key, title or "", body or "", meta)


def _beside(key: str, title: str, body: str, meta: dict[str, Any]) -> None:
    preview, cut, search = st.tabs(["Preview", "Passages", "Test search"])
    with preview:
        show(
            tag("div", tag("h1", title or "No title yet"), cls="td-title", style="margin-bottom:8px"),
            rendered(body or "*Nothing written yet.*"),
        )
    with cut:
        show(
            mute("Searches find these pieces; each should make sense by itself."),
            _passages(title, body, "Cut into"),
        )
    with search:
        _try(key, title, body, meta)


def _properties(key: str, view: ArticleView | None) -> dict[str, Any]:
    titles = office.read(category_titles)
    first, second, third = st.columns(3, gap="small")
    category = first.selectbox(
        "Category",
        ["", *titles],
        format_func=lambda slug: titles.get(slug, "No category"),
        key=f"{key}_category",
        persist_state="session",
    )
    audience = second.selectbox(
        "Who may read it",
        ["public", "internal"],
        format_func=lambda v: {"public": "Customers", "internal": "The team only"}[v],
        key=f"{key}_audience",
        persist_state="session",
    )
    language = third.selectbox(
        "Language", _LANGUAGES, format_func=lambda code: words.LANGUAGE[code], key=f"{key}_language", persist_state="session"
    )
    left, right = st.columns(2, gap="small")
    owner = left.text_input("Owner", key=f"{key}_owner", max_chars=100, persist_state="session", placeholder="Who keeps it right")
    labels = right.text_input(
        "Labels", key=f"{key}_labels", max_chars=300, persist_state="session", placeholder="words, set apart by commas"
    )
    parts = [label.strip() for label in (labels or "").split(",") if label.strip()]
    return {
        "category": category or "",
        "audience": audience or "public",
        "language": language or "en",
        "owner": (owner or "").strip(),
        "labels": parts,
    }


def _fill(key: str, view: ArticleView | None) -> None:
    """Begin with what is saved; what was typed since stays, also after a visit to another screen."""
    if f"{key}_base" in st.session_state and f"{key}_body" in st.session_state:
        return
    row = view.row if view else _EMPTY
    slugs = {title: slug for slug, title in office.read(category_titles).items()}
    start = {
        "base": row.version, "title": view.latest.title if view else "", "body": view.latest.body if view else "", "note": "",
        "category": slugs.get(row.category, ""), "audience": row.audience, "owner": row.owner,
        "language": row.language if row.language in _LANGUAGES else "en", "labels": ", ".join(view.labels) if view else "",
    }  # fmt: skip
    for name, value in start.items():
        st.session_state[f"{key}_{name}"] = value


def _forget(key: str) -> None:
    for name in [name for name in st.session_state if str(name).startswith(f"{key}_")]:
        del st.session_state[name]


def _save(user: User, view: ArticleView | None, key: str, title: str, body: str, note: str, meta: dict[str, Any]) -> None:
    base = int(st.session_state[f"{key}_base"])
    article_id = view.row.id if view else None
    saved = office.attempt(
        lambda session: editing.save(session, user, article_id, base=base, title=title, body=body, note=note, **meta)
    )
    if saved:
        _forget(key)
        screen.go(article=saved.article_id, tab="edit")
        office.toast(f"Saved as version {saved.number}. Publish it when it is right.")
    st.rerun()


def _try(key: str, title: str, body: str, meta: dict[str, Any]) -> None:
    query = st.text_input(
        "A customer's question", key=f"{key}_query", placeholder="How a customer would ask it", persist_state="session"
    )
    if not query:
        show(mute("Shows what is found now, and where this text would stand once published."))
        return
    with st.spinner("Searching…"):
        tried = trial.try_search(office.desk().searcher, query, internal=meta["audience"] == "internal", draft=(title, body))
    show(hits(tried))


def _done(change: Callable[..., None], session: Session, *given: Any) -> bool:
    """A change that gives nothing back, as one that says it happened."""
    change(session, *given)
    return True
