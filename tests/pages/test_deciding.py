"""A decision that is committed is remembered by its tab, even when Streamlit breaks the callback off right after it."""

from contextlib import suppress
from typing import Any

import pytest
import streamlit as st

from pages.parts import deciding, state
from triage.models import Decision, DecisionKind, Draft, Role, Ticket, User


class BrokenOff(Exception):
    """What Streamlit raises at an access to its session state when a newer event waits."""


class Memory(dict[str, Any]):
    """A session state that can be broken off."""

    broken = False

    def get(self, key: str, default: Any = None) -> Any:
        return super().get(key, default) if not self.broken else self._break()

    def setdefault(self, key: str, default: Any = None) -> Any:
        return super().setdefault(key, default) if not self.broken else self._break()

    def pop(self, key: str, *default: Any) -> Any:
        return super().pop(key, *default) if not self.broken else self._break()

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value) if not self.broken else self._break()

    def _break(self) -> None:
        raise BrokenOff


def test_a_callback_broken_off_after_its_decision_forgets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory(td_typed={5: state.Typed("My words.", 3)}, td_editing={5})
    monkeypatch.setattr(st, "session_state", memory)

    def decide(*_args: object, **_more: object) -> Decision:
        memory.broken = True
        return Decision(id=7, draft_id=3, ticket_id=5, episode_id=1, user_id=1, kind=DecisionKind.APPROVE, seal="s")

    monkeypatch.setattr(deciding, "_decide", decide)
    monkeypatch.setattr(deciding.proof, "rows_of", lambda *_: [])
    ticket, draft = Ticket(id=5, requester_email="a@b.example"), Draft(id=3, ticket_id=5, episode_id=1, body="Theirs.")
    user = User(id=1, email="n@desk.example", name="Nadia", role=Role.STAFF)
    with suppress(BrokenOff):
        deciding.approve(user, ticket, draft, "s", onward=False)
    memory.broken = False
    assert state.sent() == [7]  # it can be undone
    assert (
        not state.typed() and not state.editing() and state.forgotten() == [("reply", 5)]
    )  # and is not offered for sending again
