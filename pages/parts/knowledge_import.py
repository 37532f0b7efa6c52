"""Import on the Knowledge screen: what to hand in, the import at work, its report, and the imports before it."""

from collections.abc import Mapping

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, state, words
from pages.parts.download import download
from pages.parts.markup import chip, join, mute, show, tag
from triage.errors import TriageError
from triage.library import exchange, imports
from triage.library.imports import ImportOptions, RunView
from triage.library.listing import category_titles
from triage.models import ImportLine, User, now

_PICTURES = ["png", "jpg", "jpeg", "gif", "webp"]  # taken with a text that shows them
_KINDS = ["md", "markdown", "txt", "html", "htm", "pdf", "docx", "csv", "tsv", "jsonl", "ndjson", "zip", *_PICTURES]
_LARGEST = 200  # megabytes of one file, which the browser hands over as a whole; the command line takes larger ones
_SHOWN = 200
_TONES = {"refused": "b", "held": "w", "missing": "w", "removed": "w", "double": "", "taken": "o", "changed": "a", "same": ""}
_NAMES = {
    "refused": "refused", "held": "held as draft", "missing": "gone from the source", "removed": "unpublished", "double": "double",
    "taken": "taken", "changed": "changed", "same": "the same",
}  # fmt: skip
_AUDIENCES = {"": "As it says, or customers", "public": "Customers", "internal": "The team only"}


def panel(user: User) -> None:
    """Draw it all; the import that is shown is in the address under `run`."""
    left, right = st.columns([1.6, 1], gap="medium")
    with left, st.container(key="box_import"):
        _form(user)
    with right:
        with st.container(key="box_export"):
            _export(user)
        earlier = st.container(key="box_runs")
    found = office.read(lambda session: imports.runs(session))
    with earlier:
        _runs(found)
    wanted = st.query_params.get("run", "")
    chosen = next((view for view in found if view.run.id == wanted), found[0] if found and (wanted or found[0].at_work) else None)
    if chosen:
        with st.container(key="box_report"):
            st.fragment(_report, run_every="1s" if chosen.at_work else None)(user, chosen.run.id)


# ---- hand in ------------------------------------------------------------------------------------------------


def _form(user: User) -> None:
    show(
        tag("div", "Import", cls="td-h3"),
        mute(
            "Markdown, HTML, PDF, Word, CSV (title, text), JSON Lines, or a zip of them with the pictures and files they show; or pages by their address. "
            "What was imported before becomes a new version, not a double."
        ),
    )
    screen.cleared("import_addresses")
    number = st.session_state.setdefault("import_number", 0)
    files = st.file_uploader(
        "Files",
        type=_KINDS,
        accept_multiple_files=True,
        key=f"import_{number}",
        label_visibility="collapsed",
        max_upload_size=_LARGEST,
    )
    addresses = st.text_area(
        "Addresses of pages, one a line", key="import_addresses", height=90, persist_state="session",
        placeholder="https://help.example.com/returns", help="Only these pages are fetched; links on them are not followed.",
    )  # fmt: skip
    options = _options(user)
    if st.button("Import", key="import_go", type="primary"):
        try:
            run = imports.start(
                office.desk(),
                user,
                files=[(file.name, file.getvalue()) for file in files or []],
                addresses=addresses or "",
                options=options,
            )
        except TriageError as error:
            state.say("error", "Nothing was imported", str(error))
        else:
            st.session_state["import_number"] = number + 1
            screen.clear("import_addresses")
            screen.go(run=run, outcome=None)
        st.rerun()


def _options(user: User) -> ImportOptions:
    titles: Mapping[str, str] = {"": "As each file says", **office.read(category_titles)}
    left, middle = st.columns(2, gap="small")
    audience = left.selectbox("Who may read it", list(_AUDIENCES), format_func=lambda v: _AUDIENCES[v], key="import_audience")
    category = middle.selectbox("Category", list(titles), format_func=lambda slug: titles[slug], key="import_category")
    left, middle = st.columns(2, gap="small", vertical_alignment="bottom")
    name = left.text_input(
        "Name of the source", key="import_scope", max_chars=80, placeholder="The zip's own name",
        help="Import it again under this name, and you are told which of its articles are gone.",
    )  # fmt: skip
    with middle:
        publish = st.toggle("Publish at once", key="import_publish", help="Off: all wait as drafts.")
        prune = st.toggle(
            "Unpublish what is gone", key="import_prune", help="Articles that this source brought and holds no more."
        )
    return ImportOptions(publish, audience or "", category or "", (name or "").strip(), prune)


def _export(user: User) -> None:
    show(
        tag("div", "Export", cls="td-h3"),
        mute(
            "Every article as Markdown with its properties and files, drafts and synonyms too, in one zip. Importing it gives the same base."
        ),
    )
    if st.button("Make the zip", key="make_zip"):
        with st.spinner("Packing…"):
            st.session_state["kb_zip"] = office.read(lambda session: exchange.export_zip(session, office.desk().settings, user))
    if packed := st.session_state.get("kb_zip"):
        label = f"Download ({len(packed) / 1000:,.0f} kB)"
        st.download_button(label, packed, "knowledge-base.zip", "application/zip", key="get_zip", type="primary")


# ---- the report ---------------------------------------------------------------------------------------------


def _report(user: User, run_id: str) -> None:
    """One import, drawn again every second while it is at work."""
    view = next((view for view in office.read(lambda session: imports.runs(session)) if view.run.id == run_id), None)
    if view is None:
        return
    was_at_work = st.session_state.get("import_was_at_work") == run_id
    st.session_state["import_was_at_work"] = run_id if view.at_work else ""
    if was_at_work and not view.at_work:
        st.rerun()
    _head(user, view)
    if not view.counts:
        return
    wanted = _outcome(view)
    found = office.read(lambda session: imports.lines(session, run_id, outcome=wanted, limit=_SHOWN))
    show(screen.report(["From", "Became", "What to do"], [_row(line) for line in found]))
    shown = view.counts[wanted] if wanted else sum(view.counts.values())
    with st.container(horizontal=True, vertical_alignment="center"):
        if shown > _SHOWN:
            show(mute(f"The first {_SHOWN} of {shown:,} are shown; the CSV has all."))
        if not view.at_work:
            download(
                "Report as CSV", lambda: office.read(lambda session: imports.as_csv(session, user, run_id)), f"import-{run_id[:8]}.csv",
                "text/csv", key="import_csv",
            )  # fmt: skip


def _head(user: User, view: RunView) -> None:
    run = view.run
    title = tag("div", view.what, cls="td-h3")
    if view.at_work:
        show(title)
        share = min(1.0, run.done / run.total) if run.total else 0.0
        st.progress(share, f"{run.done:,} of {run.total:,} done" if run.total else "Looking into it…")
        if run.status == "waiting" and (now() - run.created_at).total_seconds() > 15:
            show(mute("No worker has taken it up yet. One works in the desk itself, or run triage worker."))
        show(mute("You may leave this page: the import goes on, and its report is kept."))
        if st.button("Stop", key="import_stop", help="What was taken stays."):
            office.do(lambda session: imports.stop(session, user, run.id))
            st.rerun()
        return
    show(title, tag("div", _summary(view), cls=f"td-strip {_tone(view)}".strip(), role="status"))
    if (run.status == "failed" or view.is_cut_off) and st.button(
        "Go on", key="import_go_on", help="What was taken is not taken again. The desk does the rest."
    ):
        office.do(lambda session: imports.go_on(session, user, office.desk(), run.id))
        st.rerun()


def _summary(view: RunView) -> str:
    said = ", ".join(f"{view.counts[name]:,} {_NAMES[name]}" for name in reversed(imports.ORDER) if view.counts[name])
    if view.is_cut_off:
        return f"Cut off: the process that did it ended before its end. So far: {said or 'nothing'}. Go on, or start it again."
    if view.run.status == "failed":
        return f"It failed: {view.run.error}. So far: {said or 'nothing'}."
    return f"{'Stopped. ' if view.run.status == 'stopped' else ''}{said or 'Nothing was there to import'}."


def _tone(view: RunView) -> str:
    if view.run.status == "failed" or view.is_cut_off or set(view.counts) == {"refused"}:
        return "b"
    return "w" if view.run.status == "stopped" or view.counts["refused"] or view.counts["held"] else "o"


def _outcome(view: RunView) -> str:
    """Which lines to show, kept in the address; all when there is only one kind."""
    names = {name: f"{_NAMES[name]} {view.counts[name]:,}" for name in imports.ORDER if view.counts[name]}
    return screen.chips("Show", "outcome", {"": "All", **names}) if len(names) > 1 else ""


def _row(line: ImportLine) -> list[Markup | str | None]:
    article = screen.link(line.article_id, f"{screen.KNOWLEDGE}?article={line.article_id}") if line.article_id else None
    return [line.source, join(chip(_NAMES[line.outcome], _TONES[line.outcome]), " ", article), line.why]


def _runs(found: list[RunView]) -> None:
    show(tag("div", "Imports so far", cls="td-h3"))
    if not found:
        show(mute("None yet. Each keeps its report here."))
    for view in found[:10]:
        facts = [
            words.ago(view.run.created_at),
            " · at work"
            if view.at_work
            else " · cut off"
            if view.is_cut_off
            else f" · {view.run.status}" * (view.run.status != "done"),
        ]
        marks = [chip(f"{view.counts[name]:,} {_NAMES[name]}", _TONES[name]) for name in imports.ORDER if view.counts[name]]
        address = f"{screen.KNOWLEDGE}?part=import&run={view.run.id}"
        show(tag("div", screen.link(view.what[:120], address), " ", mute(*facts), tag("div", *marks), cls="td-item"))
