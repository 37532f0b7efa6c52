"""The review desk: the queue, the conversation with its draft, and what the draft rests on."""

import streamlit as st
from sqlmodel import Session

from pages.parts import batch, composer, deciding, edits, incident, office, queue, state, tour, words
from pages.parts.ahead import ahead
from pages.parts.conversation import conversation, head
from pages.parts.customer import customer
from pages.parts.desk_work import desk_work
from pages.parts.dossiers import blocked_actions
from pages.parts.evidence import article_dialog, evidence
from pages.parts.history import history
from pages.parts.identity import require
from pages.parts.live import live
from pages.parts.markup import card, mute, show
from pages.parts.notices import told, undo_bar
from pages.parts.panels import tools
from pages.parts.proposed_calls import proposed_calls
from pages.parts.queue import Asked
from pages.parts.ticket_fields import ticket_fields
from pages.parts.why import why
from triage import workspace, xray
from triage.accounts.access import Permission
from triage.drafts import lock
from triage.errors import InputError
from triage.incidents import view as incidents
from triage.models import DECIDABLE, User
from triage.seal import Change
from triage.tickets import inbox, pulses, ticket_view, work
from triage.tickets.inbox import View
from triage.tickets.ticket_view import TicketView


def page() -> None:
    user = require(Permission.WORK_INBOX)
    queue.open_saved(user)
    if chosen := state.take("together"):
        batch.together(user, chosen)
    here = queue.asked()
    if here.ticket is None and here.incident is None and here.batch is None:
        here = _land(user, here)
    view, changed, strict, problem = _load(user, here.ticket)
    seen = xray.look(view) if view else xray.XRay()
    found = incident.load(here.incident) if here.incident else None
    many = batch.load(user, here.batch) if here.batch else None
    with st.container(key="panes"):
        with st.container(key="pane_queue"):
            queue.queue(user)
        with st.container(key="pane_ticket"):
            with st.container(key="notices"):
                if state.sent() and not here.batch:
                    undo_bar(user)
                if state.get("edited"):
                    edits.strip(user)
                incident.banner()
                told()
                if view is not None or state.get("tour") is not None:
                    tour.tour(user)
            if here.incident:
                incident.incident(found, user)
            elif here.batch:
                batch.batch(many, user)
            else:
                _middle(view, user, changed, strict, problem, seen)
        with st.container(key="pane_side"):
            if here.incident:
                incident.side(found)
            elif here.batch:
                batch.side(many)
            else:
                _side(view, user, seen)
    live(user, here.ticket, lambda: _approve_and_stay(view, user), waits=_waits(view))
    ahead(here.ticket)


def _land(user: User, here: Asked) -> Asked:
    """Without a ticket in the address, the most pressing one is opened, or incident among incidents."""
    if here.view == View.INCIDENTS and (alive := office.read(incidents.alive)):
        queue.open_incident(alive[0].id)
        return queue.asked()
    ids = [row.id for row in queue.rows(user, here)]
    free = queue.take(user, here, ids) if ids else None
    first = free or next(iter(ids), None)  # rather one that nobody has open
    state.put("landed", first)
    queue.go_to(first)
    return queue.asked()


def _load(user: User, ticket_id: int | None) -> tuple[TicketView | None, list[Change], bool, str]:
    """The ticket, what changed since its draft was written, whether every draft needs a manager, and what is wrong."""
    if ticket_id is None:
        state.put("pulse", None)
        return None, [], False, ""

    settings = office.desk().settings

    def read(session: Session) -> tuple[TicketView, list[Change], bool, object]:
        view = ticket_view.load(session, ticket_id, user)
        lockable = view.draft and _waits(view) and not view.ticket.training
        changed = lock.changes(session, settings, user, view.draft) if view.draft and lockable else []
        strict = bool(workspace.get(session, "every_draft_needs_manager"))
        seen = pulses.read(session, ticket_id, user.id) if view.ticket.training else pulses.of(view, changed, user.id)
        return view, changed, strict, seen

    try:
        view, changed, strict, pulse = office.read(read)
        composer.recall(user, ticket_id, waits=_waits(view), typed_there=view.typed)
    except InputError as error:
        state.put("pulse", None)
        return None, [], False, str(error)
    if work.claim_is_due(view.ticket, user):
        queue.claim(user, ticket_id)
    state.put("pulse", (ticket_id, pulse))
    state.put("just_drawn", True)
    return view, changed, strict, ""


def _waits(view: TicketView | None) -> bool:
    """Whether a draft waits for a decision."""
    return view is not None and view.draft is not None and view.draft.status == "waiting" and view.ticket.status in DECIDABLE


def _middle(view: TicketView | None, user: User, changed: list[Change], strict: bool, problem: str, seen: xray.XRay) -> None:
    if view is None:
        if problem or not tour.greeting(user):
            _nothing_open(problem)
        return
    head(view, user.id)
    if view.in_incident:
        incident.belongs(view.ticket.id or 0)
    batch.belongs(view.ticket.id or 0)
    tools(user, view.ticket)
    conversation(view, seen)
    desk_work(view, user, changed, strict)
    proposed_calls(view, user)
    blocked_actions(view, user)
    article_dialog()


def _nothing_open(problem: str) -> None:
    title, said = "Nothing is open", "New tickets appear on the left by themselves. Press H for the keys."
    if problem:
        title, said = "No such ticket", problem
    elif busy := office.read(inbox.at_work):
        said = f"The agents are working on {words.plural(busy, 'ticket')}. The first draft opens here by itself."
        title = "Agents at work"
    show(card(mute(said), title=title, tone="quiet"))


def _side(view: TicketView | None, user: User, seen: xray.XRay) -> None:
    tabs = st.tabs(["Evidence", "Customer", "Why", "History"], key="side")
    if view is None:
        return
    with tabs[0]:
        evidence(view, user)
    with tabs[1]:
        ticket_fields(user, view.ticket, view.tags)
        customer(view)
    with tabs[2]:
        why(view, user, seen)
    with tabs[3]:
        history(view, user)


def _approve_and_stay(view: TicketView | None, user: User) -> None:
    """The A key: the same as the button, without going on to the next ticket."""
    draft = view.draft if view else None
    if view and draft and _waits(view):
        deciding.approve(user, view.ticket, draft, draft.seal, onward=False)


with office.desk().database.snapshot():
    page()
