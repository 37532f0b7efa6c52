"""The list of articles: filters in the address, sorted and turned by the database, and what waits for this person."""

from datetime import datetime
from urllib.parse import urlencode

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import join, mute, show, tag
from pages.parts.table import Cell, Column, Line, table
from triage.accounts import access
from triage.accounts.access import Permission
from triage.library import editing, listing, review, suggestions
from triage.library.listing import ArticleRow, Filter, Overview
from triage.models import User, WorkingCopy

_COLUMNS = (
    Column("Article", "wide", key="title"), Column("State", "short", key="state"), Column("Category", "extra", key="category"),
    Column("Language", "short extra", key="language"), Column("Owner", "short extra", key="owner"),
    Column("Used", "right", "Approved replies of the last 90 days that cite it", "used"),
    Column("Edits", "right", "Sentences resting on it that people changed or removed before sending, of all such sentences", "edited"),
    Column("Verified", "right", "When somebody last read it and said that it is right", "verified"),
    Column("Changed", "right extra", "When it was last saved or published", "changed"),
)  # fmt: skip
_STATES = {
    "": "Any state", "published": "Published", "draft": "Drafts", "changed": "Draft waits", "review": "In review", "archived": "Archived",
}  # fmt: skip
_AUDIENCES = {"": "Any audience", "public": "Customers", "internal": "Team only"}
_ATTENTION = {
    "": "Any condition", "stale": "Stale", "unverified": "Never verified", "unused": "Unused", "edited": "Edited by reviewers", "unowned": "Without owner",
}  # fmt: skip
_FILTERS = ("find", "state", "category", "audience", "language", "owner", "attention")


def article_list(user: User) -> None:
    """Draw the list; editors see above it what waits for them."""
    overview = office.read(listing.overview)
    if access.may(user, Permission.EDIT_KNOWLEDGE):
        _waiting(user)
    _to_verify(user)
    if not overview.total and not overview.archived:
        screen.empty("No articles yet", "Write the first one, or bring in what you have under Import and export.")
        return
    _figures(overview)
    wanted = _filters(overview)
    page = office.read(lambda session: listing.listing(session, wanted))
    if not page.rows:
        _nothing()
        return
    lines = [_line(row) for row in page.rows]
    opened = table(_COLUMNS, lines, key="articles", label="Articles", order=wanted.sort, on_sort=_sort)
    if page.total > listing.PAGE or any(getattr(wanted, name) for name in _FILTERS):
        show(mute(f"{words.plural(page.total, 'article')} of {overview.total:,}"))
    screen.pager(page.total, listing.PAGE)
    if opened:
        screen.go(article=opened, tab=None)
        st.rerun()


def marks(row: ArticleRow) -> list[tuple[str, str]]:
    """(word, tone) of an article's state."""
    if row.status == "archived":
        return [("archived", "")]
    found = [("published", "o") if row.published else ("draft", "w")]
    if row.in_review:
        found.append((f"v{row.version} in review", "a"))
    elif row.unpublished_changes:
        found.append((f"draft v{row.version} waits", "w"))
    if row.audience != "public":
        found.append(("team only", ""))
    if row.stale:
        found.append(("stale", "b"))
    return found


def _figures(overview: Overview) -> None:
    """Each figure leads to its articles."""
    parts = [
        (words.plural(overview.total, "article"), ""), (f"{overview.published:,} published", "state=published"),
        (f"{overview.in_review:,} in review", "state=review"), (f"{overview.stale:,} stale", "attention=stale"), (f"{overview.archived:,} archived", "state=archived"),
    ]  # fmt: skip
    shown = [screen.link(text, f"{screen.KNOWLEDGE}?{query}") for text, query in parts if not text.startswith("0 ")]
    show(mute(join(*[join(Markup(" · ") if n else None, link) for n, link in enumerate(shown)])))


def _filters(overview: Overview) -> Filter:
    titles = office.read(listing.category_titles)
    with st.container(key="article_filters", horizontal=True, gap="small"):
        with st.container(width=230):
            find = screen.words_filter("Find", "find", "Find in titles, texts, owners")
        with st.container(width=128):
            state = screen.choice("State", "state", _STATES)
        with st.container(width=168):
            categories = {slug: titles.get(slug, slug.replace("_", " ")) for slug in overview.categories}
            category = screen.choice("Category", "category", {"": "Any category"} | categories)
        with st.container(width=138):
            audience = screen.choice("Audience", "audience", _AUDIENCES)
        with st.container(width=140):
            languages = {code: words.LANGUAGE.get(code) or code for code in overview.languages}
            language = screen.choice("Language", "language", {"": "Any language"} | languages)
        with st.container(width=152):
            owner = screen.choice("Owner", "owner", {"": "Any owner"} | {name: name for name in overview.owners})
        with st.container(width=172):
            attention = screen.choice("Condition", "attention", _ATTENTION)
    sort = st.query_params.get("sort", "title")
    sort = sort if sort.removeprefix("-") in listing.SORTS else "title"
    return Filter(find, state, category, audience, language, owner, attention, sort, screen.page_number())


def _sort(key: str) -> None:
    """A heading pressed again turns the order; figures begin with the largest."""
    now = st.query_params.get("sort", "title")
    first = f"-{key}" if key in ("used", "edited", "verified", "changed") else key
    other = key if first.startswith("-") else f"-{key}"
    screen.go(sort=other if now == first else first, page=None)


def _nothing() -> None:
    screen.empty("No article fits", "Loosen a filter; Test search looks for meaning as well as words.")
    st.button("Clear the filters", key="clear_filters", on_click=lambda: screen.go(**dict.fromkeys((*_FILTERS, "page"))))


def _line(row: ArticleRow) -> Line:
    day = row.verified_on
    share = (
        f"{row.edited:,} of {row.sentences:,} sentences that rest on it were changed or removed by people"
        if row.sentences
        else ""
    )
    return Line(row.id, (
        Cell(row.title, sub=row.id if row.kind == "article" else f"{row.id} · {row.kind}", strong=True),
        Cell(chips=marks(row)),
        Cell(row.category),
        Cell(words.LANGUAGE.get(row.language) or row.language),
        Cell(row.owner or "nobody", tone="" if row.owner else "m"),
        Cell(f"{row.used:,}×" if row.used else "–", tone="" if row.used else "m"),
        Cell(f"{row.edited:,} of {row.sentences:,}" if row.edited else "–", tone="w" if row.sentences and row.edited * 4 >= row.sentences else "" if row.edited else "m", title=share),
        Cell(f"{day:%-d %b %Y}" if day else "never", tone="b" if row.stale else "" if day else "m"),
        Cell(f"{words.age(row.updated_at)}" if row.updated_at else "", title=words.clock(row.updated_at) if row.updated_at else ""),
    ))  # fmt: skip


def _to_verify(user: User) -> None:
    """Whoever keeps articles right is reminded of those that nobody read for half a year."""
    mine = office.read(lambda session: listing.listing(session, Filter(owner=user.name, attention="stale"))).total
    if mine and st.query_params.get("attention") != "stale":
        text = f"{words.plural(mine, 'article')} of yours {'has' if mine == 1 else 'have'} not been verified for {listing.STALE.days} days. "
        at = f"{screen.KNOWLEDGE}?{urlencode({'owner': user.name, 'attention': 'stale'})}"
        show(tag("div", text, screen.link("Read and confirm", at), cls="td-strip w", role="status"))


# ---- what waits for this person ---------------------------------------------------------------------------


def _waiting(user: User) -> None:
    asked, back, begun, said = office.read(
        lambda session: (
            review.waiting_for(session, user),
            review.returned_to(session, user),
            editing.copies(session, user),
            suggestions.waiting(session),
        )
    )
    lines = [
        _item(f"{w.asked_by} asks you to review ", f"{w.title}, version {w.number}", _to(w.article), w.since, w.question)
        for w in asked
    ]
    lines += [_item(f"{r.by} returned ", f"{r.title}, version {r.number}", _to(r.article, "edit"), r.at, r.comment) for r in back]
    lines += [
        _item("You have not saved ", copy.title or "an article without a title", _to_copy(copy), copy.updated_at)
        for copy in begun
    ]
    if lines:
        show(tag("div", *lines, cls="td-card"))
    if said:
        with st.container(key="box_suggested"):
            items = [tag("div", text, " ", mute(words.ago(at)), cls="td-item") for text, at in said]
            show(tag("details", tag("summary", f"{words.plural(len(said), 'suggestion')} from the team"), *items, cls="td-fold"))
            if st.button("All read", key="settle"):
                office.do(lambda session: suggestions.settle(session, user))
                st.rerun()


def _item(said: str, title: str, address: str, at: datetime, words_: str = "") -> Markup:
    return tag(
        "div",
        tag("b", said),
        screen.link(title, address),
        " ",
        mute(words.ago(at)),
        tag("div", words_) if words_ else None,
        cls="td-item",
    )


def _to(article: str, tab: str = "") -> str:
    return f"{screen.KNOWLEDGE}?article={article}" + (f"&tab={tab}" if tab else "")


def _to_copy(copy: WorkingCopy) -> str:
    name, _, of = copy.article.partition(":")
    return _to(f"new&of={of}" if of else "new") if name == editing.NEW else _to(copy.article, "edit")
