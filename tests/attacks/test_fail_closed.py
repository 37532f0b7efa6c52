"""Fail closed: whatever cannot be decided, a person gets the ticket with the reason; never a silent pass, never a silent drop."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from knowledge_base.search import Searcher
from tests.attacks.obedient import HONEST, Obedient, plan, tools_then
from tests.attacks.test_worst_case import FOUND
from triage import judging, workspace
from triage.briefs import ActionRequest
from triage.desk import triage
from triage.errors import BreakerOpen, BudgetExceeded, IndexUnavailable, ModelDown, ModelRefused
from triage.guardrails import actions, output, policy
from triage.guardrails import input as door
from triage.guardrails.policy import shipped
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.llm.protocol import Request, Response
from triage.models import Draft, Notification, Outbox, Run, Status, Ticket
from triage.office import Desk

MANUAL = ActionRequest(action="send_manual", target="kettle", amount="", reason="lost it")
Break = Callable[[Desk, pytest.MonkeyPatch], None]


class Raising:
    """A model whose every call ends like this."""

    provider, name = "scripted", "raising"

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def answer(self, request: Request) -> Response:
        raise self.error


def _models(*models: Any) -> Break:
    def put(desk: Desk, patch: pytest.MonkeyPatch) -> None:
        desk.models = {role: list(models) for role in desk.models}

    return put


def _broken_guard(module: Any) -> Break:
    def put(desk: Desk, patch: pytest.MonkeyPatch) -> None:
        def raises(_subject: object) -> None:
            raise ZeroDivisionError("broken rule")

        _models(Obedient({"manager": lambda _: plan(requested_actions=[MANUAL])}))(desk, patch)
        for check in module.CHECKPOINT.checks[:1]:
            patch.setattr(module.CHECKPOINT, "_validators", [])
            patch.setattr(module.CHECKPOINT, "checks", [type(check)(check.rule, raises), *module.CHECKPOINT.checks[1:]])

    return put


def _slow_guard(module: Any) -> Break:
    def put(desk: Desk, patch: pytest.MonkeyPatch) -> None:
        _models(Obedient({"manager": lambda _: plan(requested_actions=[MANUAL])}))(desk, patch)
        patch.setattr(module.CHECKPOINT, "seconds", 0.05)
        patch.setattr(module.CHECKPOINT, "_judge", lambda *_: time.sleep(0.3))

    return put


def _missing_policy(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    shipped.cache_clear()
    patch.setattr(policy, "SHIPPED", Path("/nowhere/policy.yaml"))
    _models(Obedient({"manager": lambda _: plan(requested_actions=[MANUAL])}))(desk, patch)


def _broken_policy(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(workspace.SWITCHES, "action_policy", workspace.Switch("actions: [", ""))
    _models(Obedient({"manager": lambda _: plan(requested_actions=[MANUAL])}))(desk, patch)


def _out_of_time(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(desk, "settings", desk.settings.model_copy(update={"run_seconds": 0.001}))


def _no_index(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    async def fails(self: Searcher, *args: Any, **kwargs: Any) -> Any:
        raise IndexUnavailable("The search index is away.")

    patch.setattr(Searcher, "asearch_many", fails)


def _bug_in_code(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    def bug(*args: Any, **kwargs: Any) -> Any:
        raise KeyError("a bug of ours")

    patch.setattr(judging, "conclude", bug)


ROWS: dict[str, tuple[Break, str]] = {
    "missing policy": (_missing_policy, "rule “policy”"),
    "broken policy": (_broken_policy, "rule “policy”"),
    "action guard raises": (_broken_guard(actions), "guard failure"),
    "input guard raises": (_broken_guard(door), "guard could not decide"),
    "output guard raises": (_broken_guard(output), "guard could not decide"),
    "action guard is slow": (_slow_guard(actions), "guard failure"),
    "input guard is slow": (_slow_guard(door), "no verdict within"),
    "output guard is slow": (_slow_guard(output), "no verdict within"),
    "unknown tool": (_models(Obedient({"analyst": lambda _: [("send_email", "{}")]})), "turns"),
    "unparsable arguments": (_models(Obedient({"analyst": lambda _: [("search_knowledge", '{"query"')]})), "turns"),
    "model down": (_models(Raising(ModelDown("time-out"))), "time-out"),
    "model refuses": (_models(Raising(ModelRefused("declined"))), "declined"),
    "budget used up": (_models(Raising(BudgetExceeded("the day's money is spent"))), "money"),
    "breaker open": (_models(Raising(BreakerOpen("failed too often"))), "too often"),
    "run takes too long": (_out_of_time, "took longer"),
    "index away": (_no_index, "index is away"),
    "bug in our code": (_bug_in_code, "KeyError"),
    "bug in a model": (_models(Raising(RuntimeError("a bug of theirs"))), "RuntimeError"),
}


@pytest.mark.parametrize("row", ROWS)
async def test_a_person_gets_the_ticket_with_the_reason(shared: Desk, monkeypatch: pytest.MonkeyPatch, row: str) -> None:
    breaks, words = ROWS[row]
    settings, ticket_id = shared.settings, 0
    incoming = Incoming(
        subject="Kettle", body="How do I descale my kettle?", sender_email=f"{uuid4().hex}@customer.example", language="en"
    )
    with shared.database.transaction() as session:
        ticket_id = receive(session, incoming, settings, enqueue=shared.start).ticket_id
        run_id = session.exec(select(Run.id).where(Run.ticket_id == ticket_id)).one()
    with monkeypatch.context() as patch:
        breaks(shared, patch)
        await triage(shared, run_id)
    shipped.cache_clear()
    with shared.database.read() as session:
        _handed_to_people(session, ticket_id, words)


def _handed_to_people(session: Session, ticket_id: int, words: str) -> None:
    ticket = session.get_one(Ticket, ticket_id)
    draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else None
    told = session.exec(select(Notification.text).where(Notification.ticket_id == ticket_id)).all()
    why = " ".join([ticket.error or "", *(draft.approver_reasons if draft else []), *told])
    assert ticket.status == Status.FAILED or ((ticket.status == Status.ESCALATED or draft) and ticket.approver == "manager")
    assert words in why.replace("_", " "), why
    assert told
    assert session.exec(select(Run.status).where(Run.ticket_id == ticket_id)).one() in ("ended", "failed")
    assert session.exec(select(Outbox)).all() == []


async def test_wrong_tool_calls_among_right_ones_do_not_stop_the_work(shared: Desk) -> None:
    wishes = [("send_email", "{}"), ("search_knowledge", "{"), ("search_knowledge", '{"query": "descale"}')]
    shared.models = {role: [Obedient({"analyst": tools_then(wishes, FOUND)})] for role in shared.models}
    incoming = Incoming(
        subject="Kettle", body="How do I descale my kettle?", sender_email="mixed@customer.example", language="en"
    )
    with shared.database.transaction() as session:
        ticket_id = receive(session, incoming, shared.settings, enqueue=shared.start).ticket_id
        run_id = session.exec(select(Run.id).where(Run.ticket_id == ticket_id)).one()
    assert await triage(shared, run_id) == Status.AWAITING_APPROVAL
    assert set(HONEST) == set(shared.models) and ticket_id
