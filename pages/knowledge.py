"""Knowledge: what replies may be grounded in; looked through and searched by all, kept by administrators."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen
from pages.parts.article import NEW, article, suggestion
from pages.parts.article_list import article_list
from pages.parts.article_steps import sync
from pages.parts.markup import card, chip, join, mute, show, tag
from pages.parts.search_hits import hits
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.library import exchange, trial
from triage.models import User

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
            {"search": _search, "import": _exchange}.get(part, article_list)(user)


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
    show(card(hits(tried, scores=access.may(user, Permission.EDIT_KNOWLEDGE)), title=f"What agents would be given for “{query}”"))


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
