"""The queue on the left: what waits, most pressing first, alive without touching the rest of the page."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.parts import office, state, words
from pages.parts.theme import asset
from triage import inbox, ticket_view
from triage.inbox import QueuePage, QueueRow, View
from triage.incidents import view as incidents
from triage.models import Status, User

EVERY = "3s"
FILTER, FIND, PAGE, TICKET, INCIDENT = "view", "find", "page", "ticket", "incident"  # names in the address

_CHIPS = {
    View.NEEDS: ("Needs decision", "Everything that waits for a person"),
    View.MANAGER: ("Manager", "Drafts that only a manager decides"),
    View.ESCALATED: ("Escalated", "Tickets the agents or a person escalated"),
    View.MINE: ("Mine", "Assigned to you"),
    View.GROUPS: ("My groups", "Routed to a group that you are in"),
    View.UNASSIGNED: ("Unassigned", "Waiting, and nobody's yet"),
    View.QUARANTINED: ("Quarantine", "Spam, automatic replies, unreadable mail"),
    View.INCIDENTS: ("Incidents", "Tickets of several customers about one matter"),
    View.FAILED: ("Failed", "Work or delivery that failed"),
    View.SNOOZED: ("Snoozed", "Put off until later"),
    View.WORKING: ("At work", "The agents are working on it"),
    View.SENT: ("Answered", "Sent or being sent"),
    View.RESOLVED: ("Resolved", "Closed matters"),
    View.ALL: ("All", "Every ticket"),
}
_HIDE_WHEN_EMPTY = {View.GROUPS, View.INCIDENTS, View.QUARANTINED, View.FAILED, View.SNOOZED, View.WORKING}
_REST = {View.SENT, View.RESOLVED, View.ALL}
_EMPTY = {
    View.NEEDS: ("All done", "Nothing waits for a decision. New tickets appear here by themselves."),
    View.MINE: ("Nothing of yours", "Tickets that are assigned to you appear here."),
    View.MANAGER: ("Nothing for a manager", "Sensitive drafts appear here."),
    View.QUARANTINED: ("Quarantine is empty", "Spam and unreadable mail would wait here."),
}

_HTML = """<div class="q"><div class="chips" role="group" aria-label="Filters"></div>
<div class="list" role="listbox" aria-label="Tickets"></div>
<div class="foot" hidden><button type="button" data-turn="-1" aria-label="Previous page">‹</button><span></span>
<button type="button" data-turn="1" aria-label="Next page">›</button></div></div>"""

_component = st.components.v2.component("triage_queue", html=_HTML, css=asset("queue.css"), js=asset("queue.js"))


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    view: View
    find: str
    page: int
    ticket: int | None
    incident: int | None = None


def asked() -> Asked:
    """Read the address; what makes no sense in it is ignored."""
    params = st.query_params
    find = params.get(FIND, "").strip()[:200]
    name = params.get(FILTER, "")
    view = View(name) if name in set(View) else View.ALL if find else View.NEEDS
    ticket, incident, page = params.get(TICKET, ""), params.get(INCIDENT, ""), params.get(PAGE, "")
    return Asked(
        view, find, int(page) if page.isdecimal() and len(page) < 7 else 1,
        int(ticket) if _is_id(ticket) else None, int(incident) if _is_id(incident) and not _is_id(ticket) else None,
    )  # fmt: skip


def go_to(ticket_id: int | None) -> None:
    """Open another ticket on the next draw."""
    st.query_params.pop(INCIDENT, None)
    if ticket_id is None:
        st.query_params.pop(TICKET, None)
    else:
        st.query_params[TICKET] = str(ticket_id)
    state.close_panel()


def open_incident(incident_id: int | None) -> None:
    """Show an incident in the centre on the next draw."""
    go_to(None)
    if incident_id is not None:
        st.query_params[INCIDENT] = str(incident_id)
        st.query_params[FILTER] = View.INCIDENTS.value


def leave_search() -> None:
    """Back to everything that waits for a decision."""
    for name in (FIND, FILTER, PAGE):
        st.query_params.pop(name, None)
    st.session_state["td_find"] = ""


def to_first_page() -> None:
    st.query_params.pop(PAGE, None)


@st.fragment(run_every=EVERY)
def queue(user: User) -> None:
    """Search, filters and rows. Looks at the database every three seconds and redraws the page only when the open ticket moved."""
    if state.get("moved"):
        state.put("moved", False)
        st.rerun()
    here = asked()
    st.text_input(
        "Search",
        key="td_find",
        value=here.find,
        placeholder="Search tickets, customers, orders…",
        label_visibility="collapsed",
        on_change=_search,
    )
    page, coming, numbers, pulse, moved = office.read(
        lambda session: (
            inbox.listing(session, user, here.view, find=here.find, page=here.page),
            inbox.arriving(session, user),
            inbox.counts(session, user),
            ticket_view.pulse(session, here.ticket) if here.ticket else None,
            incidents.pulse(session, here.incident) if here.incident else None,
        )
    )
    state.put("order", [row.id for row in page.rows])
    drawn = state.get("pulse")
    if drawn is not None and here.ticket == drawn[0] and pulse != drawn[1]:
        st.rerun()
    shown = state.get("incident_pulse")
    if here.incident and shown and shown[0] == here.incident and moved != shown[1]:
        st.rerun()
    if here.ticket is None and here.incident is None and page.rows and state.get("landed") is None:
        st.rerun()
    _component(
        key="queue",
        data=props(here, page, coming, numbers),
        height="stretch",
        on_pick_change=_picked,
        on_view_change=_filtered,
        on_turn_change=_turned,
    )


def props(here: Asked, page: QueuePage, coming: QueuePage, numbers: dict[View, int]) -> dict[str, Any]:
    """What the component draws, as JSON values."""
    chips = [
        {
            "view": view.value,
            "label": label,
            "help": help_,
            "count": numbers.get(view),
            "on": view == here.view,
            "rest": view in _REST and view != here.view,
        }
        for view, (label, help_) in _CHIPS.items()
        if view == here.view or view not in _HIDE_WHEN_EMPTY or numbers.get(view)
    ]
    shown = coming.rows if here.view == View.NEEDS and not here.find and here.page == 1 else []
    title, text = _EMPTY.get(here.view, ("Nothing here", "No ticket matches this filter."))
    if here.find:
        title, text = "Nothing found", "Try fewer words, a ticket number or an order number."
    elif coming.total and here.view == View.NEEDS:
        title, text = "Agents at work", "What needs a decision appears here by itself, within seconds."
    first = (page.page - 1) * inbox.PAGE + 1
    return {
        "chips": chips,
        "view": f"{here.view}|{here.find}|{page.page}",
        "rows": [_row(row) for row in page.rows],
        "arriving": [_row(row, busy=True) for row in shown],
        "arrivingText": f"Agents at work on {words.plural(coming.total, 'ticket')}",
        "selected": here.ticket,
        "page": page.page,
        "pages": page.pages,
        "range": f"{first:,}–{first + len(page.rows) - 1:,} of {page.total:,}",
        "empty": {"title": title, "text": text, "busy": bool(shown) and not page.rows},
    }


def _row(row: QueueRow, busy: bool = False) -> dict[str, Any]:
    due, tone = words.due(row.due)
    if busy or row.status in (Status.RECEIVED, Status.SCREENED, Status.TRIAGING, Status.REOPENED):
        due, tone = words.STATUS[row.status], ""
    elif row.snoozed_until:
        due, tone = f"until {words.clock(row.snoozed_until)}", ""
    elif row.status in (Status.APPROVED, Status.DELIVERING, Status.DELIVERED, Status.RESOLVED):
        due, tone = words.STATUS[row.status], ""
    who = f"{row.looking} is looking" if row.looking else f"{row.requester or 'Unknown sender'} · {words.age(row.created_at)}"
    return {
        "id": row.id,
        "title": row.subject or "(no subject)",
        "who": who,
        "looking": bool(row.looking),
        "whoTitle": f"#{row.id}, received {words.clock(row.created_at)}",
        "due": due,
        "tone": tone,
        "dueTitle": f"Answer promised by {words.clock(row.due)}" if row.due else "",
        "busy": busy,
        "chips": [] if busy else chips_of(row),
    }


def chips_of(row: QueueRow) -> list[tuple[str, str]]:
    """A row's labels in the order people look for them, five at most: the matter, then what stands in the way."""
    return [*_matter(row), *_hurdles(row)][:5]


def _matter(row: QueueRow) -> list[tuple[str, str]]:
    found = [(row.category, "")] if row.category else []
    if row.priority in ("high", "urgent"):
        found.append((row.priority, "w"))
    if row.sentiment == "negative":
        found.append(("upset", "w"))
    if row.language not in ("", "en", "und"):
        found.append((row.language, ""))
    return found


def _hurdles(row: QueueRow) -> list[tuple[str, str]]:
    if row.status == Status.QUARANTINED:
        return [((row.reason or "quarantine").replace("_", " "), "w")]
    found = [("action blocked", "b")] if row.blocked else []
    if row.incident:
        found.append(("incident", "a"))
    if row.status in (Status.FAILED, Status.REJECTED):
        return [*found, ("failed" if row.status == Status.FAILED else "draft rejected", "b")]
    if row.status == Status.ESCALATED:
        found.append(("escalated", "b"))
    elif row.approver == "manager" and row.status in (Status.AWAITING_APPROVAL, Status.NEEDS_INFO):
        found.append(("manager", "b"))
    if row.status == Status.NEEDS_INFO:
        found.append(("asks back", "a"))
    elif row.status == Status.AWAITING_APPROVAL and (band := words.band(row.facts, row.unsupported, row.confidence))[0]:
        found.append(band)
    return found


def _is_id(text: str) -> bool:
    return text.isdecimal() and 0 < len(text) < 10


def _event(name: str) -> Any:
    return st.session_state["queue"].get(name)


def _picked() -> None:
    if ticket_id := _event("pick"):
        go_to(int(ticket_id))
        state.put("moved", True)


def _filtered() -> None:
    if name := _event("view"):
        st.query_params[FILTER] = str(name)
        st.query_params.pop(PAGE, None)
        if name == View.INCIDENTS or INCIDENT in st.query_params:
            go_to(None)
            state.put("moved", True)


def _turned() -> None:
    if number := _event("turn"):
        st.query_params[PAGE] = str(max(1, int(number)))


def _search() -> None:
    text = str(st.session_state["td_find"]).strip()
    st.query_params.pop(PAGE, None)
    st.query_params.pop(FILTER, None)
    if text:
        st.query_params[FIND] = text
    else:
        st.query_params.pop(FIND, None)
