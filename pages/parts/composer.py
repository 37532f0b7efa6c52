"""The field in which people write to customers and to each other: kept on the desk while it is typed.

Redrawn by itself while somebody types; the page around it only when what it shows of the text (`watch`) changed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import uuid4

import streamlit as st
from sqlmodel import Session

from pages.parts import office, state
from pages.parts.theme import asset
from triage import macros
from triage.errors import TriageError
from triage.models import User
from triage.spoken import spoken
from triage.tickets import ticket_view, typed

_KEPT = (typed.REPLY, typed.NOTE, typed.CHANGES)  # the fields of a single ticket
_HTML = """<div class="td-composer"><div class="marks" aria-hidden="true"><div></div></div>
<textarea rows="3" spellcheck="true" aria-autocomplete="list"></textarea>
<div role="listbox" aria-label="Saved replies" hidden></div><div class="status"></div><div class="said" aria-live="polite"></div></div>"""

_component = st.components.v2.component(
    "triage_composer", html=_HTML, css=asset("composer.css"), js=asset("composer.js"), isolate_styles=False
)

_GAP = re.compile(r"\{\{.*?\}\}")  # not yet filled, a dot in the list of saved replies


Place = tuple[int, int, str]
"""A stretch of a text that is to be marked behind it: start, end and classes of composer.css."""


@dataclass(frozen=True)
class Checked:
    """What was found in a text: what to mark in it, in order and without overlap, and what draws the rest below it."""

    places: list[Place]
    draw: Callable[[], None]


@dataclass(frozen=True)
class Field:
    """What is written: `name` is one of triage.tickets.typed.FIELDS, `label` what screen readers call it, `height` in pixels."""

    name: str
    label: str
    placeholder: str = ""
    height: int = 90
    macros: bool = False
    people: bool = False


REPLY = Field(typed.REPLY, "Reply", height=150, macros=True)
OWN = Field(typed.REPLY, "Your reply", "Write a reply… Type :: for a saved one.", height=120, macros=True)
NOTE = Field(typed.NOTE, "Internal note", "Only the team sees this. @ names somebody, who is told.", people=True)
MASTER = Field(typed.MASTER, "Text", height=300)
CHANGES = Field(typed.CHANGES, "What should change?", "For example: mention that the outage is over")


def composer(
    user: User,
    ticket_id: int,
    field: Field,
    *,
    start: str = "",
    draft_id: int | None = None,
    watch: Callable[[str], object] | None = None,
    check: Callable[[str], Checked] | None = None,
) -> None:
    """Draw the field, with `start` in it until something was typed; `draft_id` is the draft that `start` comes from.

    `watch` names what of the text the page around shows: the page is drawn again when its answer changes. `check` is
    called with the text as it is now, at every pause of typing.
    """
    look = watch or (lambda _text: None)
    _watched()[_key(ticket_id, field.name)] = look(text(ticket_id, field, start)), _around()
    with st.container(key=state.text_key(ticket_id) if field.name == typed.REPLY else f"td_{field.name}_text_{ticket_id}"):
        _field(user, ticket_id, field, start, draft_id, look, check)


def text(ticket_id: int, field: Field, start: str = "") -> str:
    """What stands in the field now, as far as the browser has said; `start` when nothing was typed."""
    key = _key(ticket_id, field.name)
    raw = _raw(key)
    if raw is not None and raw[1] > _acked(key):  # a button's callback may run before the field's own
        return raw[0]
    kept = state.written(field.name).get(ticket_id)
    return kept.text if kept else start


def recall(user: User, ticket_id: int, *, waits: bool, typed_there: bool = True) -> None:
    """What the person typed elsewhere, or before this page was loaded, comes back; asked of the desk once a tab and ticket.

    Coming to the ticket opens the form whose text was not sent; `waits` tells whether a draft waits, which can be sent back.
    Without `typed_there` nobody has typed anything into the ticket.
    """
    known = state.recalled()
    if ticket_id not in known:
        for name, row in office.read(lambda session: typed.of(session, user, ticket_id)).items() if typed_there else ():
            if name in _KEPT and ticket_id not in state.written(name) and row.text.strip():
                _back(ticket_id, name, state.Typed(row.text, row.draft_id))
        known.add(ticket_id)
    if state.get("shown") != ticket_id:
        state.put("shown", ticket_id)
        _reopen(ticket_id, waits)


def slots(user: User, ticket_id: int) -> dict[str, str]:
    """Where the browser keeps what was typed into this ticket until the desk has it: names in the tab's storage, by field."""
    return {name: slot(user, name, ticket_id) for name in _KEPT}


def slot(user: User, name: str, ticket_id: int) -> str:
    return f"triage-typed-{user.id}-{_key(ticket_id, name)}"


def arrived(user: User, ticket_id: int) -> dict[str, int]:
    """The number of the newest text of each of these places that the desk has or needs no more."""
    return {place: _acked(_key(ticket_id, name)) for name, place in slots(user, ticket_id).items()}


def restore(ticket_id: int, found: dict[str, Any], *, waits: bool) -> None:
    """The browser holds texts of which the desk knows nothing: `found` has {text, draft} by field."""
    for name in _KEPT:
        kept = found.get(name)
        if isinstance(kept, dict) and isinstance(kept.get("text"), str) and ticket_id not in state.written(name):
            draft_id = kept.get("draft")
            if state.form_is_open(ticket_id):
                state.close_panel()  # for the form with the latest words
            _back(ticket_id, name, state.Typed(spoken(kept["text"]), draft_id if isinstance(draft_id, int) else None))
    _reopen(ticket_id, waits)


def _back(ticket_id: int, name: str, found: state.Typed) -> None:
    state.written(name)[ticket_id] = found
    if name == typed.REPLY:
        state.editing().add(ticket_id)
        state.say("info", "Your text is back", "You were writing this and had not sent it.")


def _reopen(ticket_id: int, waits: bool) -> None:
    for name in (typed.NOTE, typed.CHANGES) if waits else (typed.NOTE,):
        kept = state.written(name).get(ticket_id)
        if kept and kept.text.strip() and not state.form_is_open(ticket_id):
            state.open_panel(name, ticket_id)


def forgetter(ticket_id: int, name: str = typed.REPLY) -> Callable[[], None]:
    """What forgets a text that was sent; made before the change is committed, as state.forgetter is."""
    key, forget, gone = _key(ticket_id, name), state.forgetter(ticket_id, name), _gone()
    raw = _raw(key)

    def forget_all() -> None:
        forget()
        if raw:
            gone[key] = raw[1]

    return forget_all


def drop(user: User, ticket_id: int, name: str = typed.REPLY) -> None:
    """Forget what was typed: here, on the desk and in the browser."""
    forget = forgetter(ticket_id, name)
    if office.do(lambda session: typed.forget(session, user, ticket_id, name)):
        forget()


@st.fragment
def _field(
    user: User, ticket_id: int, field: Field, start: str, draft_id: int | None, look: Callable[[str], object],
    check: Callable[[str], Checked] | None,
) -> None:  # fmt: skip
    key = _key(ticket_id, field.name)
    now, kept = text(ticket_id, field, start), state.written(field.name).get(ticket_id)
    checked = check(now) if check else None
    marks = _for_browser(now, checked.places) if checked else []
    _component(
        key=key,
        data=_data(user, ticket_id, field, now, kept.draft_id if kept else draft_id) | {"marks": marks},
        on_typed_change=lambda: _typed(user, ticket_id, field, draft_id),
        on_macro_change=lambda: _macro(user, ticket_id, key),
    )
    if checked:
        checked.draw()
    if (look(now), _around()) != _watched().get(key) or state.take(f"redraw_{key}"):
        st.rerun()


def _data(user: User, ticket_id: int, field: Field, now: str, origin: int | None) -> dict[str, Any]:
    key = _key(ticket_id, field.name)
    problem = state.get(f"problem_{key}", "")
    return {
        "slot": slot(user, field.name, ticket_id), "session": state.session(), "draft": origin, "name": key, "label": field.label, "placeholder": field.placeholder, "height": field.height,
        "text": now, "load": state.loads().get((field.name, ticket_id), "first"), "acked": _acked(key),
        "status": problem or state.get(f"status_{key}", "Kept"), "problem": bool(problem),
        "hint": "", "insert": state.get(f"insert_{key}"),
        "macros": office.read(lambda session: _macros(session, user, ticket_id)) if field.macros else [],
        "people": [{"title": person.name} for person in office.read(ticket_view.colleagues)] if field.people else [],
    }  # fmt: skip


def _for_browser(text: str, places: list[Place]) -> list[Place]:
    """The same places counted as browsers do, in units of UTF-16."""
    units = list(accumulate((1 if char <= "\uffff" else 2 for char in text), initial=0))
    return [(units[start], units[end], kind) for start, end, kind in places]


def _macros(session: Session, user: User, ticket_id: int) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "title": row.title,
            "short": row.shortcut,
            "hint": " ".join(_GAP.sub("…", row.body).split())[:90] or macros.told(row),
        }
        for row in macros.offered(session, user)
    ]


# ---- what the browser says ----------------------------------------------------------------------------------


def _typed(user: User, ticket_id: int, field: Field, draft_id: int | None) -> None:
    """The browser sent what was typed. It counts as kept only once the database has it."""
    key = _key(ticket_id, field.name)
    raw = _raw(key)
    if raw is None or raw[1] <= _gone().get(key, 0):  # sent by a button whose callback ran before this one
        return
    seen, written = _seen(), state.written(field.name)
    before = written.get(ticket_id)
    origin = before.draft_id if before else draft_id
    problem = ""
    try:
        office.desk().database.run_now(lambda session: typed.keep(session, user, ticket_id, field.name, raw[0], draft_id=origin))
    except TriageError as error:
        problem = str(error)
    written[ticket_id] = state.Typed(raw[0], origin)
    seen[key] = raw[1]
    state.put(f"problem_{key}", problem)
    if raw[2]:
        state.put(f"redraw_{key}", True)


def _macro(user: User, ticket_id: int, key: str) -> None:
    """A saved reply was chosen: its text goes to the caret, and what else it sets is set."""
    chosen = st.session_state[key].get("macro")
    if not isinstance(chosen, dict):
        return
    settings = office.desk().settings
    used = office.attempt(lambda session: macros.use(session, settings, user, ticket_id, int(chosen.get("id") or 0)))
    if used is None:
        state.put(f"redraw_{key}", True)
        return
    state.put(f"insert_{key}", {"nonce": uuid4().hex, "text": used.text})
    state.put(f"status_{key}", used.said or "Kept")
    if used.done:
        state.put(f"redraw_{key}", True)


def _raw(key: str) -> tuple[str, int, bool] | None:
    """(text, number, whether the person left the field) as the browser sent it last; the number grows with every key."""
    shown = st.session_state.get(key)
    found = shown.get("typed") if shown is not None and hasattr(shown, "get") else None
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return None
    return spoken(found["text"]), int(found.get("seq") or 0), bool(found.get("left"))


def _around() -> object:
    """What callbacks of the page change. The browser may hand a click over together with a text: Streamlit then draws only
    the text's part again, and this tells that the page has to follow.
    """
    return state.panel(), sorted(state.editing()), list(state.sent()), st.query_params.to_dict(), state.get("said") is None


def _key(ticket_id: int, name: str) -> str:
    return f"td_typing_{name}_{ticket_id}"


def _seen() -> dict[str, int]:
    """The newest number of each field that the desk has."""
    seen: dict[str, int] = st.session_state.setdefault("td_typed_seen", {})
    return seen


def _gone() -> dict[str, int]:
    """The newest number of each field whose text was sent or dropped."""
    gone: dict[str, int] = st.session_state.setdefault("td_typed_gone", {})
    return gone


def _acked(key: str) -> int:
    return max(_seen().get(key, 0), _gone().get(key, 0))


def _watched() -> dict[str, object]:
    watched: dict[str, object] = st.session_state.setdefault("td_typed_watched", {})
    return watched
