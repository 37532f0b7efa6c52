"""What changed since the draft was written, word by word, and the two ways on: have it written anew, or keep it."""

from collections.abc import Sequence

import streamlit as st
from markupsafe import Markup

from pages.parts import difference, office, state
from pages.parts.markup import join, mute, show, tag
from triage.drafts import lock as service
from triage.models import Draft, Ticket, User
from triage.seal import Change

_NAMES = {"message": "New message", "address": "Address", "article": "Article", "withdrawn": "Article", "internal": "Article", "rule": "Rule"}  # fmt: skip


def lock(user: User, ticket: Ticket, draft: Draft, changed: Sequence[Change], may: bool) -> None:
    """Nothing at all while the draft stands as it was written."""
    if not changed:
        return
    stops = [stop for change in changed for stop in change.stops]
    with st.container(key="lock"):
        show(
            tag(
                "div",
                tag("b", "Something changed since this draft was written. "),
                "It cannot be sent until you have seen it.",
                tag("ul", *[_change(change) for change in changed], cls="td-changed"),
                tag("div", tag("b", "It cannot be kept: "), "; ".join(stops), ".") if stops else None,
                cls="td-strip w",
                role="alert",
            )
        )
        with st.container(key="lock_ways", horizontal=True):
            st.button("Re-draft", key="td_redraft", on_click=_redraft, args=(user, draft), help="The agents write it anew")
            if may and not stops:
                st.button(
                    "I have seen it, keep mine", key="td_keep", on_click=_keep, args=(user, ticket, draft, service.digest(changed)),
                    help="Checked against its sources as they are now; a sentence that lost its source has to be acknowledged",
                )  # fmt: skip


def _change(change: Change) -> Markup:
    name = _NAMES.get(change.kind, "")
    said = change.said[:1].upper() + change.said[1:]
    return tag("li", join(mute(f"{name} "), f"{said}."), _diff(change))


def _diff(change: Change) -> Markup | None:
    if change.kind == "message":
        return tag("div", tag("ins", change.after[:4_000]), cls="td-diff", tabindex=0, role="group", aria_label="New message")
    if not (change.before and change.after):
        return None
    return tag(
        "details", tag("summary", "What changed"), difference.around(change.before, change.after), cls="td-fold", open=True
    )  # fmt: skip


def _redraft(user: User, draft: Draft) -> None:
    desk = office.desk()
    if office.do(lambda session: service.redraft(session, desk.enqueue, user, draft.id or 0, seal=draft.seal)):
        office.toast("The agents write it anew; it appears here by itself.")


def _keep(user: User, ticket: Ticket, draft: Draft, seen: str) -> None:
    settings, typed = office.desk().settings, state.typed()
    kept = office.attempt(lambda session: service.keep(session, settings, user, draft.id or 0, seal=draft.seal, seen=seen).id)
    if kept is None:
        return
    if own := typed.get(ticket.id or 0):  # what was being typed goes on from the renewed draft
        typed[ticket.id or 0] = state.Typed(own.text, kept)
    office.toast("Kept; it can be sent once more.")
