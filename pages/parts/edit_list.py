"""What is to be learned from: edits, reports of bad answers, and the evaluation cases that were made."""

from collections.abc import Mapping

import streamlit as st

from pages.parts import edits, office, screen, words
from pages.parts.download import download
from pages.parts.markup import chip, join, mute, show, tag
from pages.parts.report_list import report_list
from triage import taxonomy
from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning import cases
from triage.learning import edits as kept
from triage.learning.cases import CaseRow
from triage.models import User

_KINDS = {"": "Every kind", "fact": "Facts", "policy": "Policy", "tone": "Tone", "format": "Format"}
_STATES = {
    "open": "To decide",
    "article": "Article fixes",
    "style": "Style rules",
    "case": "Evaluation cases",
    "dismissed": "Nothing to learn",
}
_SIZE = 20


def edit_list(user: User) -> None:
    """The list, narrowed by kind and by what became of the edits."""
    everybody = access.may(user, Permission.SEE_FIGURES)
    states = (
        _STATES
        | {"reports": "Reports of bad answers"}
        | ({"set": "The set of cases"} if access.may(user, Permission.READ_MACHINERY) else {})
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        state = screen.choice("What became of them", "became", states)
        kind = screen.choice("Kind", "kind", _KINDS) if state not in ("set", "reports") else ""
    if state in ("set", "reports"):
        (_cases if state == "set" else report_list)(user)
        return
    taken = "" if state == "open" else state
    found = office.read(
        lambda session: kept.listing(session, user, kind=kind, taken=taken, page=screen.page_number(), size=_SIZE)
    )
    whose = (
        "What people changed in drafts before they sent them" if everybody else "What you changed in drafts before you sent them"
    )
    show(mute(f"{whose}; each can correct an article, become a rule for the writer, or a case to try the agents on."))
    if not found.rows:
        screen.empty("No edits here", "When a draft is sent with changes, each change appears here.")
        return
    with st.container(key="edit_list"):
        for row in found.rows:
            edits.one(user, row, subject=True)
    screen.pager(found.total, _SIZE)


def _cases(user: User) -> None:
    rows, total = office.read(lambda session: cases.listing(session, user, page=screen.page_number(), size=_SIZE))
    titles = office.read(taxonomy.titles)
    if not rows:
        screen.empty(
            "No evaluation cases yet", "Make one of an edit: the question and the reply that was sent, without personal data."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        show(mute(f"{words.plural(total, 'case')}: what was asked, the reply that was right, and what any reply must say."))
        download(
            "JSON lines", lambda: office.read(lambda session: cases.export(session, user)), "evaluation-cases.jsonl", "application/jsonl",
            key="cases_export",
        )  # fmt: skip
    for row in rows:
        _case(user, row, titles)
    screen.pager(total, _SIZE)


def _case(user: User, row: CaseRow, titles: Mapping[str, str]) -> None:
    case = row.case
    properties = case.properties
    wanted = [("must say", properties.get("says")), ("must not say", properties.get("does_not_say"))]
    with st.container(key=f"case_{case.id}"):
        source = screen.ticket_link(case.ticket_id, f"#{case.ticket_id}") if case.ticket_id else None
        show(
            tag("div", tag("b", case.subject or "(no subject)"), " ", chip(titles.get(case.category, case.category)) if case.category else None,
                mute(f" from {case.source} of ", source, f" · {row.by} · ", words.ago(case.created_at)), cls="td-learn-head"),
            *[tag("div", mute(f"{name} "), "; ".join(f"“{text}”" for text in texts)) for name, texts in wanted if isinstance(texts, list) and texts],
            tag("details", tag("summary", "Question and reply"), join(tag("div", case.question, cls="td-text"), tag("div", case.expected, cls="td-text")), cls="td-fold"),
        )  # fmt: skip
        if access.may(user, Permission.EDIT_MACHINERY):
            st.button(
                "Take out",
                key=f"case_out_{case.id}",
                on_click=office.act,
                args=(lambda session: cases.remove(session, user, case.id or 0), "Taken out."),
            )
