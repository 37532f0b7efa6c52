"""The queue on the left: what waits, most pressing first, alive without touching the rest of the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import streamlit as st
from sqlmodel import Session
from streamlit.navigation.page import StreamlitPage

from pages.parts import office, queue_rows, queue_search, state, words
from pages.parts.theme import asset
from triage.batches import view as batches
from triage.incidents import view as incidents
from triage.models import SavedView, User
from triage.notifications import reading
from triage.tickets import inbox, presence, pulses, saved_views, work
from triage.tickets.inbox import QueuePage, View
from triage.tickets.queue_lines import QueueRow

T = TypeVar("T")

EVERY = "3s"
LONGEST = 200  # letters of a search
LATEST = 10.0  # seconds after which the queue is read again although nothing happened: time passes too
FILTER, FIND, PAGE, SAVED = "view", "find", "page", "saved"  # names in the address
TICKET, INCIDENT, BATCH = "ticket", "incident", "batch"

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

_HTML = """<div class="q"><div class="search" role="search"><input type="text" aria-label="Search" autocomplete="off" spellcheck="false"
 placeholder="Search tickets, customers, orders…"><button type="button" class="filter" aria-expanded="false">Filter</button></div>
<p class="problem" role="status" hidden></p><form class="form" aria-label="Filters of the search" hidden></form>
<div class="chips" role="group" aria-label="Views"></div>
<button type="button" class="news" hidden></button>
<div class="list" role="listbox" aria-label="Tickets"></div>
<div class="together" hidden><span></span><button type="button" data-together="1">Review together</button><button type="button" data-clear="1">Clear</button></div>
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
    saved: int | None = None
    batch: int | None = None


def asked() -> Asked:
    """Read the address; what makes no sense in it is ignored."""
    params = st.query_params
    find = params.get(FIND, "").strip()[:LONGEST]
    name = params.get(FILTER, "")
    view = View(name) if name in set(View) else View.ALL if find else View.NEEDS
    ticket, incident, page = params.get(TICKET, ""), params.get(INCIDENT, ""), params.get(PAGE, "")
    saved, batch = params.get(SAVED, ""), params.get(BATCH, "")
    alone = not _is_id(ticket) and not _is_id(incident)
    return Asked(
        view, find, int(page) if page.isdecimal() and len(page) < 7 else 1,
        int(ticket) if _is_id(ticket) else None, int(incident) if _is_id(incident) and not _is_id(ticket) else None,
        int(saved) if _is_id(saved) else None, int(batch) if _is_id(batch) and alone else None,
    )  # fmt: skip


def go_to(ticket_id: int | None) -> None:
    """Open another ticket on the next draw."""
    st.query_params.pop(INCIDENT, None)
    st.query_params.pop(BATCH, None)
    if ticket_id is None:
        st.query_params.pop(TICKET, None)
    else:
        st.query_params[TICKET] = str(ticket_id)
    state.close_panel()


def open_incident(incident_id: int | None) -> None:
    """Show an incident in the centre on the next draw."""
    go_to(None)
    if incident_id is not None:
        _forget(FIND, PAGE, SAVED)  # a search would hide its tickets
        st.query_params[INCIDENT] = str(incident_id)
        st.query_params[FILTER] = View.INCIDENTS.value


def open_batch(batch_id: int | None) -> None:
    """Show a batch of like drafts in the centre on the next draw."""
    go_to(None)
    if batch_id is not None:
        st.query_params[BATCH] = str(batch_id)


def show_in(address: dict[str, str], inbox: StreamlitPage | None) -> None:
    """Show what an address of the inbox asks for; `inbox` is the screen to go to from another one."""
    if inbox:
        st.switch_page(inbox, query_params=address)
    st.query_params.from_dict(address)
    state.close_panel()


def leave_search() -> None:
    """Back to everything that waits for a decision."""
    for name in (FIND, FILTER, PAGE, SAVED):
        st.query_params.pop(name, None)


def to_first_page() -> None:
    _forget(PAGE)


def open_saved(user: User) -> None:
    """An address that names a kept view and nothing else leads to what the view keeps."""
    here = asked()
    if here.saved and not {FILTER, FIND} & set(st.query_params):
        _open_saved(user, here.saved)


@dataclass(frozen=True)
class Seen:
    """What the queue showed last, for which address, and how far the desk's history had come then."""

    address: tuple[object, ...]
    changes: int
    at: float
    page: QueuePage
    coming: QueuePage
    numbers: dict[View, int]
    saved: list[SavedView]
    form: dict[str, Any]


@st.fragment(run_every=EVERY)
def queue(user: User) -> None:
    """Search, filters and rows. Looks every three seconds whether anything happened, and redraws the page only when the open ticket moved."""
    if state.get("moved"):
        state.put("moved", False)
        st.rerun()
    here = asked()
    _writing(user, here.ticket)
    seen = _look(user, here)
    state.put("order", [row.id for row in seen.page.rows])
    nothing = here.ticket is None and here.incident is None and here.batch is None
    if nothing and seen.page.rows and state.get("landed") is None:
        st.rerun()
    _component(
        key="queue",
        data=props(here, seen.page, seen.coming, seen.numbers, seen.saved, seen.form),
        height="stretch",
        on_pick_change=_picked,
        on_view_change=_filtered,
        on_turn_change=_turned,
        on_find_change=_search,
        on_filter_change=_set_filter,
        on_open_change=partial(_open, user),
        on_keep_change=partial(_keep, user),
        on_drop_change=partial(_drop, user),
        on_together_change=_together,
    )


def _look(user: User, here: Asked) -> Seen:
    """The queue as it is; what was read before stands while nothing happened at the desk."""
    address = (here.view, here.find, here.page, here.saved)
    before: Seen | None = state.get("queue_seen")
    drawn_now = bool(state.take("just_drawn"))  # the page has read the ticket in this very run

    def read(session: Session) -> tuple[Seen, object, object]:
        changes = inbox.changes(session)
        same = before is not None and before.changes == changes and monotonic() - before.at < LATEST
        pulse = pulses.read(session, here.ticket, user.id) if here.ticket and not same and not drawn_now else None
        moved = incidents.pulse(session, here.incident) if here.incident else None
        if here.batch:
            moved = batches.pulse(session, here.batch)
        if before is not None and same and before.address == address:
            return before, pulse, moved
        saved = queue_search.saved(session, user)
        numbers = before.numbers if before and same else inbox.counts(session, user)
        found = Seen(
            address, changes, monotonic(),
            inbox.listing(session, user, here.view, find=here.find, page=here.page, numbers=numbers),
            before.coming if before and same else inbox.arriving(session, user, total=numbers[View.WORKING]),
            numbers, saved, queue_search.form(session, user, here.find, saved, here.saved),
        )  # fmt: skip
        return found, pulse, moved

    seen, pulse, moved = office.read(read)
    state.put("queue_seen", seen)
    drawn, shown = state.get("pulse"), state.get("incident_pulse")
    if pulse is not None and drawn is not None and here.ticket == drawn[0] and pulse != drawn[1]:
        st.rerun()
    if here.batch:
        shown = state.get("batch_pulse")
    if shown and shown[0] == (here.incident or here.batch) and moved != shown[1]:
        st.rerun()
    return seen


def rows(user: User, here: Asked) -> list[QueueRow]:
    """The lines of the queue as it is; drawn in the same run, it need not be read again."""
    return _look(user, here).page.rows


def take(user: User, here: Asked, below: Sequence[int], after: int = 0) -> int | None:
    """Claim the ticket to open after this one, the first of those `below` that is free; None when nothing waits.

    Without one before, only what is listed `below` is opened, so that nothing else is claimed or counts as seen.
    """

    def change(session: Session) -> int | None:
        found = work.take_next(session, user, here.view, after, find=here.find, below=below, only=not after)
        if found:
            reading.seen_of_ticket(session, user, found)
        return found

    return _quietly(user, change)


def claim(user: User, ticket_id: int) -> None:
    """Tell the others that this person has the ticket open."""

    def change(session: Session) -> None:
        work.claim(session, user, ticket_id)
        reading.seen_of_ticket(session, user, ticket_id)

    _quietly(user, change)


def _quietly(user: User, change: Callable[[Session], T]) -> T | None:
    """Claim a ticket. The one event that leaves in the history changes nothing in one's own queue, which is not read again for it."""
    seen: Seen | None = state.get("queue_seen")

    def counted(session: Session) -> tuple[T, bool, int]:
        found = change(session)
        return found, *(inbox.opened_only(session, user, seen.changes) if seen else (False, 0))

    if (done := office.attempt(counted)) is None:
        return None
    found, quiet, changes = done
    if seen and quiet:
        state.put("queue_seen", replace(seen, changes=changes))
    return found


def _writing(user: User, ticket_id: int | None) -> None:
    """Tell the others who writes here, from time to time while the editor is open or something is typed."""
    told: dict[int, float] = st.session_state.setdefault("td_writing", {})
    writes = ticket_id is not None and (ticket_id in state.editing() or ticket_id in state.typed())
    if writes and ticket_id is not None and monotonic() - told.get(ticket_id, -1e9) > presence.WRITING.total_seconds() / 3:
        told[ticket_id] = monotonic()
        office.do(partial(presence.write, user=user, ticket_id=ticket_id))
    for left in [number for number in told if number != ticket_id or not writes]:
        del told[left]
        office.do(partial(presence.stop, user=user, ticket_id=left))


def props(
    here: Asked,
    page: QueuePage,
    coming: QueuePage,
    numbers: dict[View, int],
    saved: Sequence[SavedView] = (),
    form: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What the component draws, as JSON values."""
    chips = [
        {
            "view": view.value,
            "label": label,
            "help": help_,
            "count": numbers.get(view),
            "most": inbox.MOST_COUNTED,
            "on": view == here.view and here.saved is None,
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
    total = f"{page.total:,}{'+' * page.more_than}"
    return {
        "chips": [*chips, *queue_search.chips(list(saved), here.saved)],
        "find": here.find,
        "form": form or {"fields": [], "filters": 0, "problems": [], "share": False, "chosen": "", "removable": False},
        "view": f"{here.view}|{here.find}|{page.page}",
        "rows": [queue_rows.row(row) for row in page.rows],
        "arriving": [queue_rows.row(row, busy=True) for row in shown],
        "arrivingText": f"Agents at work on {words.plural(coming.total, 'ticket')}",
        "selected": here.ticket,
        "page": page.page,
        "pages": page.pages,
        "range": f"{first:,}–{first + min(len(page.rows), inbox.PAGE) - 1:,} of {total}",
        "empty": {"title": title, "text": text, "busy": bool(shown) and not page.rows},
    }


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
        _forget(PAGE, SAVED)
        if name == View.INCIDENTS or INCIDENT in st.query_params:
            go_to(None)
            state.put("moved", True)


def _together() -> None:
    """The rows that were selected with X are to be reviewed together; the page forms the batch."""
    if ids := _event("together"):
        state.put("together", [int(number) for number in ids])
        state.put("moved", True)


def _turned() -> None:
    if number := _event("turn"):
        st.query_params[PAGE] = str(max(1, int(number)))


def _search() -> None:
    """Words are looked for among all tickets, whatever view was open."""
    if (typed := _event("find")) is not None:
        _forget(FILTER)
        _look_for(str(typed.get("text", "")))


def _set_filter() -> None:
    """A field of the form; the view stays."""
    if chosen := _event("filter"):
        here = asked()
        st.query_params[FILTER] = here.view.value
        _look_for(queue_search.set_filter(here.find, str(chosen.get("name")), str(chosen.get("value", ""))))


def _look_for(text: str) -> None:
    _forget(PAGE, SAVED)
    text = text.strip()[:LONGEST]
    if text:
        st.query_params[FIND] = text
    else:
        _forget(FIND)


def _open_saved(user: User, number: int) -> None:
    if kept := office.read(lambda session: saved_views.load(session, user, number)):
        _look_for(kept.find)
        st.query_params[FILTER] = kept.view
        st.query_params[SAVED] = str(number)


def _open(user: User) -> None:
    if number := _event("open"):
        _open_saved(user, int(number))


def _keep(user: User) -> None:
    asked_for, here = _event("keep"), asked()
    if not asked_for:
        return
    name, shared = str(asked_for.get("name", "")), bool(asked_for.get("shared"))
    kept = office.attempt(lambda session: saved_views.save(session, user, name, here.view.value, here.find, shared=shared))
    if kept is None:
        state.put("moved", True)  # the page says why
        return
    st.query_params[FILTER] = here.view.value
    st.query_params[SAVED] = str(kept.id)


def _drop(user: User) -> None:
    if (number := asked().saved) and _event("drop"):
        office.do(lambda session: saved_views.remove(session, user, number))
        _forget(SAVED)


def _forget(*names: str) -> None:
    for name in names:
        st.query_params.pop(name, None)
