"""A draft in a language that its reviewer does not read: a back-translation, and what code finds when texts are compared."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, state, words
from pages.parts.markup import chip, join, mute, show, tag
from triage.accounts import reading
from triage.drafts import proof, translating
from triage.drafts.translating import Compared
from triage.guardrails.parity import Difference
from triage.models import Draft, Ticket, Translation, User
from triage.tickets.ticket_view import TicketView

_ONLY = ("only in the draft", "only in the translation")


def language(user: User, view: TicketView, draft: Draft) -> None:
    """Nothing for who reads the draft's language."""
    spoken = translating.language_of(draft, view.ticket)
    known = list(reading.languages(user))
    if reading.reads(user, spoken):
        return
    name = words.LANGUAGE.get(spoken, spoken)
    with st.container(key="language"):
        show(tag("div", tag("b", f"This draft is in {name}. "), mute(_reads(known)), cls="td-h3"))
        _translation(user, draft, spoken, known[0])
        show(_comparison(translating.compared(draft, proof.of_view(view), spoken)))
        _preference(user, view.ticket, known)


def _reads(known: list[str]) -> str:
    return f"You read {', '.join(words.LANGUAGE.get(code, code) for code in known)}."


def _translation(user: User, draft: Draft, spoken: str, wanted: str) -> None:
    row = office.read(lambda session: translating.of_draft(session, draft.id or 0))
    if row is not None and row.status == "done":
        show(_sentences(row, spoken))
        return
    if row is not None and row.status == "asked":
        _wait(row.id or 0)
        return
    if row is not None:
        show(tag("div", tag("b", "It could not be translated. "), row.error, cls="td-strip w"))
    if not translating.available(office.desk()):
        show(mute("There is no translation: no model is set. Figures and negations are compared by code all the same."))
        return
    st.button(
        "Translate it for me",
        key="td_translate",
        on_click=_ask,
        args=(user, draft, wanted),
        help="Only you see it; it is never sent",
    )


def _ask(user: User, draft: Draft, wanted: str) -> None:
    desk = office.desk()
    office.do(lambda session: translating.ask(session, desk, user, draft.id or 0, wanted))


@st.fragment(run_every="1s")
def _wait(row_id: int) -> None:
    """Until the translation is there; then the ticket is drawn again."""
    row = office.read(lambda session: session.get(Translation, row_id))
    if row is not None and row.status != "asked":
        st.rerun()
    show(mute("It is being translated…"))


def _sentences(row: Translation, spoken: str) -> Markup:
    lines = [
        tag("div", tag("div", pair["text"], lang=spoken), tag("div", pair["translated"], *_differences(found), lang=row.language), cls="td-pair")
        for pair, found in translating.checked(row, spoken)
    ]  # fmt: skip
    differ = sum(bool(found) for _, found in translating.checked(row, spoken))
    said = f"Translated by {row.model}; " + (
        f"{words.plural(differ, 'sentence')} differ in figures or negation" if differ > 1
        else "one sentence differs in figures or negation" if differ else "amounts, dates, figures and negations are the same in every sentence"
    )  # fmt: skip
    return join(tag("div", mute(said, "."), role="status"), tag("div", *lines, cls="td-pairs"))


def _differences(found: list[Difference]) -> list[Markup]:
    return [
        join(" ", chip(f"{one.said}: {_ONLY[one.where]}", "b", f"This {one.kind} stands in one of the two texts only"))
        for one in found
    ]


def _comparison(found: Compared) -> Markup | None:
    """Each figure of the draft with who else has it."""
    rows = [
        tag("tr", tag("td", one.said), tag("td", _yes(one.customer)), tag("td", _yes(one.sources, "no source has it")))
        for one in found.figures
    ]  # fmt: skip
    head = tag("tr", *[tag("th", name, scope="col") for name in ("In the draft", "The customer wrote it", "A source has it")])
    table = (
        tag("table", tag("thead", head), tag("tbody", *rows), cls="td-figures") if rows else mute("The draft names no figures.")
    )
    notes = [tag("li", f"The customer names {said}; the draft does not.") for said in found.unnamed]
    notes += [tag("li", f"“{said}” and its source differ in saying no.") for said in found.denials]
    label = "Amounts, dates and negations compared by code"
    return tag(
        "details",
        tag("summary", label),
        table,
        tag("ul", *notes, cls="td-list plain") if notes else None,
        cls="td-fold",
        open=True,
    )


def _yes(there: bool, otherwise: str = "no") -> Markup:
    return chip("yes", "o") if there else chip(otherwise, "w" if otherwise != "no" else "")


def _preference(user: User, ticket: Ticket, known: list[str]) -> None:
    number = ticket.id or 0
    st.button("Languages I read", key="td_reads", on_click=state.open_panel, args=("reads", number))
    if state.panel() != ("reads", number):
        return
    st.multiselect(
        "Which languages do you read? The first is what drafts are translated into.", translating.LANGUAGES, default=known or ["en"],
        key="td_reads_chosen", format_func=lambda code: words.LANGUAGE.get(code, code),
    )  # fmt: skip
    st.button("Save", key="td_reads_save", on_click=_save, args=(user,))


def _save(user: User) -> None:
    chosen = list(st.session_state.get("td_reads_chosen") or [])
    if office.do(lambda session: translating.set_reads(session, user, chosen)):
        state.close_panel()
        office.toast("Saved.")
