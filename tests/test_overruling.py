"""A rule counts as overruled when a person sends, word for word, what it spoke of; not when they heeded it or took it back."""

import pytest
from sqlmodel import select

from tests.test_flow import worked_on
from triage import approval, rulebook
from triage.models import DecisionKind, GuardVerdict, Outbox, Role, User
from triage.office import Desk

RULE = {"name": "Kalkweg", "stage": "output", "effect": "flag", "phrases": ["kalkweg"]}


def overruled(desk: Desk) -> list[bool]:
    with desk.database.read() as session:
        return list(session.exec(select(GuardVerdict.overruled).where(GuardVerdict.rule == "own:Kalkweg")))


@pytest.mark.parametrize("edited", [False, True])
async def test_sending_word_for_word_overrules(desk: Desk, edited: bool) -> None:
    with desk.database.transaction() as session:
        admin = User(email="a@over.example", name="A", role=Role.ADMIN)
        session.add(admin)
        session.flush()
        rulebook.switch_on(session, admin, {"own_rules": [RULE]})
    ticket, draft = await worked_on(desk, "How do I descale my kettle with Kalkweg?")
    assert draft and ticket.approver == "manager" and overruled(desk) == [False]
    body = f"{draft.body}\nMany greetings" if edited else None
    decision = desk.database.run_now(
        lambda s: approval.decide(
            s, desk.enqueue, desk.settings, admin, draft.id or 0, kind=DecisionKind.APPROVE, seal=draft.seal, body=body
        )
    )
    assert overruled(desk) == [not edited]
    with desk.database.read() as session:
        assert session.exec(select(Outbox.status)).one() == "held"
    desk.database.run_now(lambda s: approval.undo(s, admin, decision.id or 0))
    assert overruled(desk) == [False]
