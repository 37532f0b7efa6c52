"""How pages reach the services: one read, or one transaction that either holds or tells why it does not."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import streamlit as st
from sqlmodel import Session

from pages.parts import state
from triage import office as offices
from triage.errors import AlreadyDecided, ApprovalVoid, TriageError, Unsupported

if TYPE_CHECKING:
    from triage.office import Desk

T = TypeVar("T")


def desk() -> "Desk":
    """The desk of this process."""
    return offices.current()


def read(work: Callable[[Session], T]) -> T:
    """Read from the database, as all of a drawing does: without a transaction around it."""
    database = desk().database
    with database.snapshot(), database.read() as session:
        return work(session)


def attempt(work: Callable[[Session], T]) -> T | None:
    """Do one change; when it is refused, the page says why and None comes back."""
    try:
        return desk().database.run_now(work)
    except ApprovalVoid as error:
        state.say("warning", "Not sent: something changed since you read the draft", "; ".join(error.changes) + ".")
    except AlreadyDecided as error:
        state.say("warning", "Somebody was first", f"{error} What you typed is kept below.")
    except Unsupported as error:
        state.say("warning", "Acknowledge first", f"{error} U does it from the keyboard.")
    except TriageError as error:
        state.say("error", "That did not work", str(error))
    return None


def do(work: Callable[[Session], object]) -> bool:
    """Do one change; whether it was done. When not, the page says why."""
    return attempt(lambda session: (work(session), True)[1]) is True


def act(work: Callable[[Session], object], done: str = "") -> None:
    """A button's whole effect: one change, and a word of confirmation once it is done."""
    if do(work) and done:
        toast(done)


def toast(text: str) -> None:
    """A word of confirmation that goes away by itself."""
    st.toast(text, icon=":material/check:")
