"""Why a version exists and what it changed, and any two versions side by side; an older one can be brought back."""

from collections.abc import Callable, Sequence

import streamlit as st
from markupsafe import Markup

from pages.parts import draft_card, office, state, words
from pages.parts.difference import marked
from pages.parts.markup import chip, join, mute, show, tag
from triage.drafts import versions as service
from triage.drafts.versions import Comparison, Version
from triage.models import Draft, Ticket, User
from triage.tickets.ticket_view import TicketView


def changes(view: TicketView) -> Markup | None:
    """Why this version exists, and what it changed with the wish that each change answers."""
    draft, previous = view.draft, view.previous
    if draft is None or (not draft.cause and previous is None):
        return None
    cause = tag("div", draft.cause, cls="td-strip") if draft.cause and not draft_card.author(draft) else None
    if previous is None or previous.body == draft.body:
        return cause
    decided = view.decided
    asked = (
        decided.decision
        if decided and decided.version == previous.version and decided.decision.kind == "request_changes"
        else None
    )
    found = service.compared(previous.body, draft.body, asked.comment if asked else "")
    label = f"What changed since draft {previous.version}"
    return join(cause, tag("details", tag("summary", label), comparison(found), cls="td-fold", open=asked is not None))


def comparison(found: Comparison) -> Markup:
    """The word diff; a change that can be tied to a wish carries its number."""
    parts: list[Markup | str] = []
    for hunk in found.hunks:
        parts += marked(hunk.pieces)
        parts += [tag("sup", str(n + 1), cls="td-wish", title=f"Asked for: {found.wishes[n].text}") for n in hunk.wishes]
    return join(tag("div", *parts, cls="td-draft"), _wishes(found))


def _wishes(found: Comparison) -> Markup | None:
    if not found.wishes:
        return None
    lines = [
        tag("li", wish.text, " ", mute(f"to the {' and the '.join(wish.to)}"), mute(" · no change can be tied to it") if n in found.untied else None)
        for n, wish in enumerate(found.wishes)
    ]  # fmt: skip
    return tag("ol", *lines, cls="td-list plain")


def versions(user: User, ticket: Ticket, draft: Draft) -> None:
    """A quiet word under a draft that has older versions, and what it opens."""
    if draft.version < 2:
        return
    number = ticket.id or 0
    with st.container(key="versions", horizontal=True):
        st.button(f"All {draft.version} versions", key="td_versions", on_click=state.open_panel, args=("versions", number))
    if state.panel() == ("versions", number):
        with st.container(key="panel_versions"):
            _compare(user, ticket, draft)


def _compare(user: User, ticket: Ticket, draft: Draft) -> None:
    found = office.read(lambda session: service.of_ticket(session, ticket.id or 0))
    by_number = {one.draft.version: one for one in found}
    numbers = list(by_number)
    with st.container(horizontal=True):
        old = st.selectbox(
            "Compare version", numbers[:-1], index=len(numbers) - 2, key=f"td_old_{draft.id}", format_func=_named(by_number)
        )
        new = st.selectbox(
            "with version", numbers, index=len(numbers) - 1, key=f"td_new_{draft.id}", format_func=_named(by_number)
        )
    one, other = by_number[min(old, new)], by_number[max(old, new)]
    show(_told(one, other), comparison(service.compared(one.draft.body, other.draft.body, _comment(found, one, other))))
    with st.container(horizontal=True):
        if old != draft.version:
            st.button(
                f"Bring version {old} back", key="td_restore", on_click=_restore, args=(user, ticket, draft, by_number[old]),
                help="As a new version, checked against its sources and the rules as they are now",
            )  # fmt: skip
        st.button("Close", key="td_versions_close", on_click=state.close_panel)


def _named(known: dict[int, Version]) -> Callable[[int], str]:
    def name(number: int) -> str:
        one = known[number]
        who = "a person" if one.draft.created_by.startswith("user:") else "agents"
        return f"{number} · {who} · {words.clock(one.draft.created_at)}"

    return name


def _told(one: Version, other: Version) -> Markup:
    same = one.draft.body == other.draft.body
    said = "The texts are the same." if same else f"From version {one.draft.version} to {other.draft.version}:"
    asked = (
        chip(f"{other.asked_by}: {other.asked}", "a") if other.asked and other.draft.version == one.draft.version + 1 else None
    )
    return tag("div", mute(said), " ", asked)


def _comment(found: Sequence[Version], one: Version, other: Version) -> str:
    """Everything that was asked for between two versions."""
    between = [v.asked for v in found if one.draft.version < v.draft.version <= other.draft.version and v.asked]
    return "\n".join(between)


def _restore(user: User, ticket: Ticket, draft: Draft, version: Version) -> None:
    settings, forget = office.desk().settings, state.forgetter(ticket.id or 0)
    if office.do(
        lambda session: service.restore(session, settings, user, ticket.id or 0, version.draft.id or 0, seal=draft.seal)
    ):
        forget()
        state.close_panel()
        office.toast(f"Version {version.draft.version} is back, as the newest.")
