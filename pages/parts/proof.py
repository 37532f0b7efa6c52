"""The draft's sentences and their sources, both ways; and the check of an edited text, marked in it and listed under it at every pause of typing."""

from typing import Any

import streamlit as st
from sqlmodel import Session

from pages.parts import draft_card, office, words
from pages.parts.composer import Checked, Place
from pages.parts.markup import mute, plain, show, tag
from pages.parts.theme import asset
from triage.drafts import proof as service
from triage.drafts.proof import Row
from triage.models import Draft, Ticket

_component = st.components.v2.component("triage_proof", html="<i></i>", css=asset("proof.css"), js=asset("proof.js"))


def links(draft: Draft) -> None:
    """Mounted once with a draft: what listens to clicks and keys."""
    with st.container(key="proof"):
        _component(key="td_proof", data={"draft": draft.id})


def points(ticket: Ticket, draft: Draft, text: str, may: bool) -> None:
    """What the draft has no source for, each point to be acknowledged by who may decide."""
    if may:
        _acknowledge(draft, rows_of(ticket, draft, text))


def check(ticket: Ticket, draft: Draft, text: str, may: bool) -> Checked:
    """The text in the editor held against its sources: marked in it, counted and listed below it."""

    def look(session: Session) -> tuple[list[Row], list[Place]]:
        rows = service.of_text(session, draft, ticket, text)
        return rows, service.places(text, rows, service.sources_of(session, draft, ticket))

    rows, places = office.read(look)

    def draw() -> None:
        show(_summary(rows))
        if may:
            _acknowledge(draft, rows)

    return Checked(places, draw)


def rows_of(ticket: Ticket, draft: Draft, text: str) -> list[Row]:
    """The sentences of a text that stands in the editor, or of the draft as it is."""
    return office.read(lambda session: service.of_text(session, draft, ticket, text))


def ack_key(draft: Draft, row: Row) -> str:
    return f"td_ack_{draft.id}_{service.sign(row)}"


def ticked(draft: Draft, row: Row) -> bool:
    """Whether the person took responsibility for this sentence."""
    return bool(st.session_state.get(ack_key(draft, row)))


def _summary(rows: list[Row]) -> Any:
    facts = [row for row in rows if row.get("kind") in ("fact", "step")]
    open_, own = (
        sum(map(service.needs_word, rows)),
        sum(not row.get("supported", True) and not service.needs_word(row) for row in rows),
    )
    said = (
        [f"{sum(bool(row.get('supported')) for row in facts)} of {words.plural(len(facts), 'fact')} stand in a source"]
        if facts
        else []
    )
    said += [f"{open_} to acknowledge"] if open_ else []
    said += [f"{own} in your own words"] if own else []
    return tag(
        "div", mute("Checked as you type: ", " · ".join(said) or "it states no facts", "."), cls="td-checked", role="status"
    )


def _acknowledge(draft: Draft, rows: list[Row]) -> None:
    points = {ack_key(draft, row): row for row in service.open_points(rows)}  # a sentence that stands there twice is one point
    if not points:
        return
    with st.container(key="acks"):
        for key, row in points.items():
            said = str(row["text"])
            short = said if len(said) < 90 else said[:87] + "…"
            why = plain(draft_card.reason(row))
            st.checkbox(f"I take responsibility for “{plain(short)}”: {why}", key=key)
