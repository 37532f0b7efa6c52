"""Knowledge: what replies may be grounded in; looked through and searched by all, kept by administrators."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.article import NEW, article, marks, suggestion, sync
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.search_hits import hits
from pages.parts.table import Cell, Column, Line, table
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.library import exchange, suggestions, trial
from triage.library.rows import ArticleRow, listing
from triage.models import User

_COLUMNS = (
    Column("Article", "wide"), Column("State", "short"), Column("Category", "extra"), Column("Language", "short extra"), Column("Owner", "short extra"),
    Column("Used", "right", "Replies of the last 90 days that cite it"), Column("Verified", "right"), Column("Version", "right"),
)  # fmt: skip
_STATES = {
    "": "Any state",
    "published": "Published",
    "draft": "Drafts",
    "changed": "Draft waits",
    "stale": "Stale",
    "internal": "Internal",
    "unused": "Unused",
}
_MOST = 300
_KINDS = ["md", "markdown", "html", "htm", "pdf", "csv", "docx", "zip", "jsonl", "txt"]


def main() -> None:
    with screen.page("Knowledge", Permission.READ_KNOWLEDGE, note="Replies state nothing that does not stand here.") as user:
        chosen = st.query_params.get("article", "")
        if chosen and (chosen != NEW or access.may(user, Permission.EDIT_KNOWLEDGE)):
            article(user, chosen)
            return
        editor = access.may(user, Permission.EDIT_KNOWLEDGE)
        parts = {"": "Articles", "search": "Test search"} | (
            {"import": "Import and export"} if editor else {"suggest": "Suggest an article"}
        )
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            part = screen.chips("Part", "part", parts)
            if editor:
                st.button("New article", key="new_article", type="primary", on_click=lambda: screen.go(article=NEW))
        if part == "suggest":
            suggestion(user, None)
        else:
            {"search": _search, "import": _exchange}.get(part, _list)(user)


# ---- the list ---------------------------------------------------------------------------------------------


def _list(user: User) -> None:
    rows = office.read(listing)
    if access.may(user, Permission.EDIT_KNOWLEDGE):
        _suggested(user)
    if not rows:
        screen.empty("No articles yet", "Write the first one, or bring in what you have under Import and export.")
        return
    found = _narrowed(rows)
    stale = sum(row.stale for row in rows)
    published = sum(row.published is not None for row in rows)
    counts = [
        words.plural(len(rows), "article"),
        f"{published:,} published",
        f"{stale:,} stale (not verified for 180 days)" if stale else "none stale",
    ]
    show(mute(" · ".join(counts) + (f" · {len(found):,} shown" if len(found) != len(rows) else "")))
    if not found:
        screen.empty("No article fits", "Loosen a filter; Test search looks into the texts themselves.")
        return
    opened = table(_COLUMNS, [_line(row) for row in found[:_MOST]], key="articles", label="Articles")
    if len(found) > _MOST:
        show(mute(f"The first {_MOST} are shown; a filter brings up the others."))
    if opened:
        screen.go(article=opened, tab=None)
        st.rerun()


def _narrowed(rows: list[ArticleRow]) -> list[ArticleRow]:
    left, middle, right, last = st.columns([2, 1, 1, 1], gap="small")
    with left:
        text = screen.words_filter("Find", "find", "Find by title or owner").casefold()
    with middle:
        state = screen.choice("State", "state", _STATES)
    with right:
        category = screen.choice(
            "Category",
            "category",
            {"": "Any category"} | {name: name for name in sorted({row.category for row in rows if row.category})},
        )
    with last:
        language = screen.choice(
            "Language",
            "language",
            {"": "Any language"} | {code: words.LANGUAGE.get(code) or code for code in sorted({row.language for row in rows})},
        )
    return [
        row for row in rows
        if text in f"{row.title} {row.owner} {row.id}".casefold() and category in ("", row.category) and language in ("", row.language) and _in_state(row, state)
    ]  # fmt: skip


def _in_state(row: ArticleRow, state: str) -> bool:
    return {
        "published": row.published is not None, "draft": row.published is None, "changed": row.unpublished_changes, "stale": row.stale,
        "internal": row.audience != "public", "unused": row.published is not None and not row.used,
    }.get(state, True)  # fmt: skip


def _line(row: ArticleRow) -> Line:
    day = row.verified_on
    return Line(row.id, (
        Cell(row.title, sub=row.id if row.kind == "article" else f"{row.id} · {row.kind}", strong=True),
        Cell(chips=marks(row), sort=" ".join(text for text, _ in marks(row))),
        Cell(row.category),
        Cell(words.LANGUAGE.get(row.language) or row.language),
        Cell(row.owner or "nobody", tone="" if row.owner else "m"),
        Cell(f"{row.used:,}×" if row.used else "–", tone="" if row.used else "m", sort=float(row.used)),
        Cell(f"{day:%-d %b %Y}" if day else "never", tone="b" if row.stale else "", sort=day.isoformat() if day else ""),
        Cell(f"v{row.published or row.version}", sort=float(row.version)),
    ))  # fmt: skip


def _suggested(user: User) -> None:
    waiting = office.read(suggestions.waiting)
    if not waiting:
        return
    with st.container(key="box_suggested"):
        items = [tag("div", text, " ", mute(words.ago(at)), cls="td-item") for text, at in waiting]
        show(tag("details", tag("summary", f"{words.plural(len(waiting), 'suggestion')} from the team"), *items, cls="td-fold"))
        if st.button("All read", key="settle"):
            office.attempt(lambda session: suggestions.settle(session, user))
            st.rerun()


# ---- test search ------------------------------------------------------------------------------------------


def _search(user: User) -> None:
    left, right = st.columns([3, 1], gap="small", vertical_alignment="center")
    with left:
        query = screen.words_filter("Question", "q", "A customer's question, an error code, a few words")
    with right:
        internal = st.toggle(
            "Internal articles too",
            key="search_internal",
            help="Agents never see internal articles when they write to customers.",
        )
    if not query:
        screen.empty(
            "What would the agents be given?",
            "Type a question as a customer would ask it. You see the passages, how well they fit, and why.",
        )
        return
    try:
        with st.spinner("Searching…"):
            tried = trial.try_search(office.desk().searcher, query, internal=internal)
    except TriageError as error:
        screen.empty("The search does not work right now", str(error))
        return
    office.do(lambda session: trial.record(session, user, query, tried))
    show(card(hits(tried), title=f"What agents would be given for “{query}”"))


# ---- import, export ---------------------------------------------------------------------------------------


def _exchange(user: User) -> None:
    left, right = st.columns([1.6, 1], gap="medium")
    with left, st.container(key="box_import"):
        _import(user)
    with right, st.container(key="box_export"):
        show(
            tag("div", "Export", cls="td-h3"),
            mute("Every article as Markdown with its properties, in one zip. Importing it gives the same base."),
        )
        if st.button("Make the zip", key="make_zip"):
            st.session_state["kb_zip"] = office.read(lambda session: exchange.export_zip(session, user))
        if packed := st.session_state.get("kb_zip"):
            st.download_button(
                f"Download ({len(packed) / 1000:,.0f} kB)",
                packed,
                "knowledge-base.zip",
                "application/zip",
                key="get_zip",
                type="primary",
            )


def _import(user: User) -> None:
    show(
        tag("div", "Import", cls="td-h3"),
        mute(
            "Markdown, HTML, PDF, Word, CSV (title, text), JSON Lines, or a zip of them. What was imported before becomes a new version, not a double."
        ),
    )
    number = st.session_state.setdefault("import_number", 0)
    files = st.file_uploader(
        "Files", type=_KINDS, accept_multiple_files=True, key=f"import_{number}", label_visibility="collapsed"
    )
    left, right = st.columns(2)
    publish = left.toggle("Publish at once", key="import_publish", help="Off: they wait as drafts.")
    internal = right.toggle("For the team only", key="import_internal", help="For articles that do not say so themselves.")
    if st.button("Import", key="import_go", type="primary" if files else "secondary", disabled=not files):
        desk = office.desk()
        with st.spinner("Reading and importing…"):
            try:
                report = exchange.import_files(
                    desk.database, user, [(file.name, file.getvalue()) for file in files or []], embed=desk.embedder, published=publish,
                    audience="internal" if internal else "public",
                )  # fmt: skip
                sync()
                st.session_state["import_report"], st.session_state["import_number"] = report, number + 1
            except TriageError as error:
                st.session_state["import_report"] = str(error)
        st.rerun()
    _imported()


def _imported() -> None:
    report = st.session_state.get("import_report")
    if report is None:
        return
    if isinstance(report, str):
        show(tag("div", tag("b", "Nothing was imported. "), report, cls="td-strip b", role="alert"))
        return
    tones = {"taken": "o", "changed": "a", "same": "", "refused": "b"}
    lines = sorted(report.lines, key=lambda line: line.outcome != "refused")[:300]
    show(
        tag("div", str(report) + ".", cls=f"td-strip {'w' if report.count('refused') else 'o'}", role="status"),
        screen.report(["From", "Became"], [[line.source, join(chip(line.outcome, tones.get(line.outcome, "")), " ", _where(line.article, line.outcome), mute(f" {line.why}") if line.why else None)] for line in lines]),
    )  # fmt: skip


def _where(article_id: str, outcome: str) -> Markup | None:
    return None if outcome == "refused" or not article_id else screen.link(article_id, f"{screen.KNOWLEDGE}?article={article_id}")


main()
