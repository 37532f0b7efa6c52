"""What one browser tab remembers between reruns; texts a person typed outlive every redraw."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import uuid4

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


def written(field: str) -> dict[int, Typed]:
    """Texts in work by ticket id, of one of the fields of triage.tickets.typed."""
    if field == "reply":
        return typed()
    return cast(dict[int, Typed], st.session_state.setdefault(f"td_written_{field}", {}))


def session() -> str:
    """A name of this tab's session, which is another one once the desk was started anew."""
    return str(st.session_state.setdefault("td_session", uuid4().hex))


def recalled() -> set[int]:
    """Tickets for which this tab has asked the desk what was typed before."""
    return cast(set[int], st.session_state.setdefault("td_recalled", set()))


def loads() -> dict[tuple[str, int], str]:
    """For (field, ticket id) a mark that changes when another text is to stand in the field than the one typed there."""
    return cast(dict[tuple[str, int], str], st.session_state.setdefault("td_loads", {}))


def editing() -> set[int]:
    """Tickets whose draft is open for editing."""
    return cast(set[int], st.session_state.setdefault("td_editing", set()))


def text_key(ticket_id: int) -> str:
    return f"td_text_{ticket_id}"


def forgetter(ticket_id: int, field: str = "reply") -> Callable[[], None]:
    """What forgets a typed text, in the browser too, without asking Streamlit for anything.

    Streamlit may break a callback off at any access to its session state when a newer event waits. What has to hold
    once a change is committed is therefore fetched before it, and only plain values are changed after it.
    """
    kept, opened, browser, marks = written(field), editing(), forgotten(), loads()

    def forget() -> None:
        kept.pop(ticket_id, None)
        marks[field, ticket_id] = uuid4().hex
        browser.append((field, ticket_id))
        if field == "reply":
            opened.discard(ticket_id)

    return forget


def put_text(ticket_id: int, text: str, draft_id: int | None) -> None:
    """Another text into the reply that is being written."""
    typed()[ticket_id] = Typed(text, draft_id)
    loads()["reply", ticket_id] = uuid4().hex


def forgotten() -> list[tuple[str, int]]:
    """(field, ticket id) of typed texts that the browser may drop as well."""
    return cast(list[tuple[str, int]], st.session_state.setdefault("td_forgotten", []))


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
