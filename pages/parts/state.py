"""What one browser tab remembers between reruns; texts a person typed outlive every redraw."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import streamlit as st


@dataclass(frozen=True)
class Typed:
    """A reply as a person typed it, and the draft it started from."""

    text: str
    draft_id: int | None


@dataclass(frozen=True)
class Said:
    """A message to the person, shown once the page is drawn again."""

    kind: str
    title: str
    text: str


def typed() -> dict[int, Typed]:
    """Replies in work by ticket id."""
    return cast(dict[int, Typed], st.session_state.setdefault("td_typed", {}))


def editing() -> set[int]:
    """Tickets whose draft is open for editing."""
    return cast(set[int], st.session_state.setdefault("td_editing", set()))


def text_key(ticket_id: int) -> str:
    return f"td_text_{ticket_id}"


def keep_text(ticket_id: int, draft_id: int | None) -> None:
    """Take what stands in the editor into the tab's memory."""
    text = st.session_state.get(text_key(ticket_id))
    if isinstance(text, str):
        typed()[ticket_id] = Typed(text, draft_id)


def forgetter(ticket_id: int) -> Callable[[], None]:
    """What forgets the typed reply, in the browser too, without asking Streamlit for anything.

    Streamlit may break a callback off at any access to its session state when a newer event waits. What has to hold
    once a change is committed is therefore fetched before it, and only plain values are changed after it.
    """
    kept, opened, browser, stale = typed(), editing(), forgotten(), _stale()

    def forget() -> None:
        kept.pop(ticket_id, None)
        opened.discard(ticket_id)
        stale.add(ticket_id)
        browser.append(ticket_id)

    return forget


def drop_text(ticket_id: int) -> None:
    """Forget the typed reply, in the browser too."""
    forgetter(ticket_id)()


def tidy() -> None:
    """Empty the editors whose text was forgotten; at the beginning of a draw, before the editors are there."""
    stale = _stale()
    for ticket_id in list(stale):
        st.session_state.pop(text_key(ticket_id), None)
        stale.discard(ticket_id)


def _stale() -> set[int]:
    return cast(set[int], st.session_state.setdefault("td_stale", set()))


def forgotten() -> list[int]:
    """Tickets whose typed text the browser may drop as well."""
    return cast(list[int], st.session_state.setdefault("td_forgotten", []))


def panel() -> tuple[str, int] | None:
    """(which, ticket id) of the small form that is open."""
    return cast(tuple[str, int] | None, st.session_state.get("td_panel"))


def open_panel(name: str, ticket_id: int) -> None:
    """Open a form, or close it when it is open."""
    st.session_state["td_panel"] = None if panel() == (name, ticket_id) else (name, ticket_id)


def form_is_open(ticket_id: int) -> bool:
    """Whether a small form of this ticket is open; what a person types then belongs to it."""
    opened = panel()
    return opened is not None and opened[1] == ticket_id


def close_panel() -> None:
    st.session_state["td_panel"] = None


def say(kind: str, title: str, text: str = "") -> None:
    """Show a message once: kind is info, warning or error."""
    st.session_state["td_said"] = Said(kind, title, text)


def said() -> Said | None:
    return cast(Said | None, st.session_state.pop("td_said", None))


def sent() -> list[int]:
    """Decisions of this tab whose messages may still be taken back, oldest first."""
    return cast(list[int], st.session_state.setdefault("td_sent", []))


def get(name: str, default: Any = None) -> Any:
    return st.session_state.get(f"td_{name}", default)


def take(name: str) -> Any:
    """Read and forget."""
    return st.session_state.pop(f"td_{name}", None)


def put(name: str, value: Any) -> None:
    st.session_state[f"td_{name}"] = value
