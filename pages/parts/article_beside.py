"""Beside the text being written: how it will look, what searches will find of it, and what is wrong with it."""

from typing import Any

import streamlit as st
from markupsafe import Markup

from knowledge_base.chunking import plain
from knowledge_base.writing import Written
from pages.parts import office, words
from pages.parts.article_steps import listed, problems
from pages.parts.markdown import rendered
from pages.parts.markup import card, chip, mute, show, tag
from pages.parts.search_hits import hits
from triage.errors import TriageError
from triage.library import links, merge, trial
from triage.library.article import ArticleView

_PARTS = ("Preview", "Passages", "Test search", "Checks")


def beside(view: ArticleView | None, title: str, body: str, meta: dict[str, Any]) -> None:
    """Only the part that is looked at is computed, so that typing stays quick."""
    part = st.segmented_control(
        "Beside the text", _PARTS, default="Preview", key="beside", label_visibility="collapsed", required=True
    )
    if part == "Passages":
        show(_passages(view, title, body))
    elif part == "Test search":
        _search(view, title, body, meta)
    elif part == "Checks":
        _checks(view, title, body)
    else:
        show(tag("div", tag("h1", title or "No title yet"), cls="td-title"), _preview(body))


def _preview(body: str) -> Markup:
    def draw(session: Any) -> Markup:
        return rendered(links.written_out(session, body) or "*Nothing written yet.*", links.resolver(session))

    return office.read(draw)


def _passages(view: ArticleView | None, title: str, body: str) -> Markup:
    """The pieces that searches will find; those that differ from what is published are embedded anew when it is."""
    published = view.version(view.row.published) if view else None
    known = {(piece.heading, piece.text) for piece in trial.pieces(published.title, published.body)} if published else set()
    cut = trial.pieces(title, body)
    fresh = [(piece.heading, piece.text) not in known or (published is not None and published.title != title) for piece in cut]
    items = [
        tag(
            "div",
            tag("b", f"{n}. {piece.heading or title}"),
            " ",
            mute(words.plural(len(piece.text.split()), "word")),
            " ",
            chip("new", "a", "Not published like this") if new and known else None,
            tag("div", plain(piece.text), cls="td-mute block td-text"),
            cls="td-item",
        )
        for n, (piece, new) in enumerate(zip(cut, fresh, strict=True), 1)
    ]
    said = f"Searches find these pieces; each should make sense by itself. {sum(fresh):,} of {len(cut):,} differ from what is published."
    return card(mute(said if cut else "Nothing yet."), *items, title=f"Cut into {words.plural(len(cut), 'passage')}")


def _search(view: ArticleView | None, title: str, body: str, meta: dict[str, Any]) -> None:
    query = st.text_input(
        "A customer's question", key="beside_query", placeholder="How a customer would ask it", persist_state="session"
    )
    if not query:
        show(mute("Shows what would be found once this text is published, where it would stand, and why."))
        return
    audience = view.row.audience if view else str(meta.get("audience", "public"))
    written = Written(
        title, body, view.row.id if view else "", str(meta["language"]), audience, str(meta["category"]),
        view.row.kind if view else "article", tuple(meta["product"]),
    )  # fmt: skip
    try:
        with st.spinner("Searching…"):
            tried = trial.try_search(office.desk().searcher, query, internal=audience == "internal", written=written)
    except TriageError as error:
        show(card(str(error), title="The search does not work right now", tone="quiet"))
        return
    show(hits(tried, scores=True))


def _checks(view: ArticleView | None, title: str, body: str) -> None:
    """What would trouble a reader or a search."""
    found = problems(view, body) if view else office.read(lambda session: links.check(session, body, audience="public"))
    said = [text for wrong, text in (
        (not title.strip(), "It has no title."),
        (not body.strip(), "It has no text."),
        (merge.ENDS.strip() in body, "Some places still hold both texts of a merge; keep one of the two."),
        (len(title) > 90, "The title is long; searches weigh each of its words less."),
        (any(len(piece.text.split()) < 12 for piece in trial.pieces(title, body)), "A passage has less than 12 words: by itself it may say too little."),
    ) if wrong]  # fmt: skip
    if found:
        show(listed(found, "Links"))
    if said:
        show(card(tag("ul", *[tag("li", text) for text in said], cls="td-list plain"), title="To look at"))
    if not found and not said:
        show(card(mute("Every link leads somewhere, and nothing else stands out."), title="Nothing to look at", tone="quiet"))
