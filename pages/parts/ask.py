"""Ask the data: a question in words, the query that answers it, read and perhaps changed by its asker, and what it gives."""

import streamlit as st
from markupsafe import Markup

from pages.parts import ask_answer, office, screen
from pages.parts.markup import mute, show, tag
from triage.accounts import access
from triage.accounts.access import Permission
from triage.asking import asking, known
from triage.asking.asking import Proposal
from triage.asking.running import Answer
from triage.database.reporting import VIEWS
from triage.errors import TriageError
from triage.learning.metrics import wording as figures
from triage.models import SavedQuestion, User

_PROPOSAL, _ANSWER, _SQL, _SAID = "ask_proposal", "ask_answer", "ask_sql", "ask_said"
_QUESTION, _NAME = "ask_question", "ask_name"
_TRY = known.EXAMPLES[1:6:2] + known.EXAMPLES[12:14]


def ask(user: User) -> None:
    """Nothing at all for whoever may not see everybody's figures; the services ask again."""
    if not access.may(user, Permission.SEE_FIGURES):
        return
    with st.container(key="box_ask"):
        show(tag("div", tag("b", "Ask the data"), mute("you read the query before it runs; it can only read"), cls="mx-h"))
        _question(user)
        if said := st.session_state.get(_SAID):
            show(tag("div", said, cls="td-strip w", role="alert"))
        proposal: Proposal | None = st.session_state.get(_PROPOSAL)
        if proposal:
            _proposal(proposal)
        if st.session_state.get(_SQL) is not None:
            _query(user, proposal)
        answer: Answer | None = st.session_state.get(_ANSWER)
        if answer:
            ask_answer.draw(answer, proposal.question if proposal else "")
        with st.expander("What can be asked", key="ask_help"):
            _help()


def _question(user: User) -> None:
    kept = office.read(lambda session: asking.saved(session, user))
    with st.form("ask_form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        question = st.text_input(
            "Question", key=_QUESTION, max_chars=asking.LONGEST, label_visibility="collapsed",
            placeholder="Ask in your own words, such as: " + _TRY[0],
        )  # fmt: skip
        pressed = st.form_submit_button("Write the query", type="primary", key="ask_go")
    with st.container(horizontal=True, key="ask_tries"):
        for number, example in enumerate(_TRY):
            st.button(example, type="tertiary", key=f"ask_try_{number}", on_click=_fill, args=(example,))
        if kept:
            _kept(user, kept)
        st.button("Write SQL", type="tertiary", key="ask_own", on_click=_own)
    asked = question if pressed else st.session_state.pop("ask_at_once", "")
    if pressed or asked:
        _ask(user, asked)


def _kept(user: User, kept: list[SavedQuestion]) -> None:
    with st.popover("Saved questions", type="tertiary", key="ask_kept"):
        for row in kept:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.button(row.name, type="tertiary", key=f"ask_open_{row.id}", on_click=_open, args=(row.question, row.sql))
                st.button(
                    "Remove",
                    type="tertiary",
                    key=f"ask_drop_{row.id}",
                    on_click=_remove,
                    args=(user, row.id),
                    help=f"Remove “{row.name}”",
                )


def _ask(user: User, question: str) -> None:
    for key in (_PROPOSAL, _ANSWER, _SQL, _SAID):
        st.session_state.pop(key, None)
    try:
        with st.spinner("Writing the query…"):
            proposal = asking.propose(office.desk(), user, question)
    except TriageError as error:
        st.session_state[_SAID] = str(error)
        return
    st.session_state[_PROPOSAL] = proposal
    if proposal.sql:
        st.session_state[_SQL] = proposal.sql


def _proposal(proposal: Proposal) -> None:
    by = "a known question" if proposal.model == "offline" else f"written by {proposal.model}" if proposal.model else ""
    show(
        tag(
            "div",
            tag("div", proposal.said),
            mute(" · ".join(part for part in (by, *proposal.notes) if part)),
            cls="ask-said",
            role="status",
        )
    )
    for example in proposal.nearest:
        st.button(example, type="tertiary", key=f"ask_near_{example}", on_click=_fill, args=(example,))
    for found in proposal.exact:
        metric, figure = found.metric, found.figure
        link = screen.link(metric.title, f"/metrics?open={metric.name}")
        span = figures.interval(metric, figure) if figure.enough else ""
        parts = [
            f"{figure.numerator:,} of {figure.denominator:,} {metric.grain.plural}",
            f"95% interval {span}" if span else "",
            found.over,
        ]
        show(
            tag(
                "div",
                "By the definition of ",
                link,
                ": ",
                tag("b", figures.shown(metric, figure)),
                " ",
                mute(" · ".join(filter(None, parts))),
                cls="ask-exact",
            )
        )


def _query(user: User, proposal: Proposal | None) -> None:
    lines = str(st.session_state[_SQL]).count("\n") + 2
    sql = (
        st.text_area(
            "Query", key=_SQL, height=min(360, 30 + 20 * lines), help="Change it as you like; only the listed views can be read."
        )
        or ""
    )
    question = proposal.question if proposal else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Run", type="primary", key="ask_run"):
            _run(user, sql, question)
            st.rerun()
        with st.popover("Save question", type="tertiary", key="ask_save"):
            st.text_input("Name", key=_NAME, value=question[: asking.LONGEST_NAME], max_chars=asking.LONGEST_NAME)
            st.button("Save", key="ask_save_go", on_click=_save, args=(user, question))


def _run(user: User, sql: str, question: str) -> None:
    st.session_state.pop(_SAID, None)
    st.session_state.pop(_ANSWER, None)
    try:
        with st.spinner("Running…"):
            st.session_state[_ANSWER] = asking.run(office.desk(), user, sql, question)
    except TriageError as error:
        st.session_state[_SAID] = str(error)


def _save(user: User, question: str) -> None:
    name, sql = str(st.session_state.get(_NAME, "")), str(st.session_state.get(_SQL, ""))
    office.act(lambda session: asking.save(session, user, name, question, sql), "Saved.")


def _remove(user: User, saved_id: int) -> None:
    office.act(lambda session: asking.remove(session, user, saved_id), "Removed.")


def _open(question: str, sql: str) -> None:
    """Put a kept question on the page; its query runs when its reader says so."""
    for key in (_ANSWER, _SAID):
        st.session_state.pop(key, None)
    st.session_state[_QUESTION], st.session_state[_SQL] = question, sql
    st.session_state[_PROPOSAL] = Proposal(question, sql, question or "A kept query.", "")


def _fill(question: str) -> None:
    st.session_state[_QUESTION] = question
    st.session_state["ask_at_once"] = question


def _own() -> None:
    """An empty query to write by hand."""
    for key in (_PROPOSAL, _ANSWER, _SAID):
        st.session_state.pop(key, None)
    st.session_state[_SQL] = (
        f"SELECT category, COUNT(*) AS tickets\nFROM {next(iter(VIEWS))}\nGROUP BY category\nORDER BY tickets DESC"
    )


def _help() -> None:
    show(tag("div", "Questions that the desk knows without a model:", cls="mx-def"))
    show(tag("ul", *[tag("li", example) for example in known.EXAMPLES], cls="ask-known"))
    show(
        tag("div", "Views and their columns. They hold no text of a message, and no name or address of a customer.", cls="mx-def")
    )
    show(*[_view(name) for name in VIEWS])


def _view(name: str) -> Markup:
    view = VIEWS[name]
    lines = [[tag("code", column.name), column.meaning] for column in view.columns]
    return tag(
        "details",
        tag("summary", tag("code", name), " ", mute(view.rows)),
        screen.report(("Column", "Meaning"), lines),
        cls="td-fold",
    )
