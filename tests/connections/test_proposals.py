"""A proposed call: shown to a person, bound to exactly what would be sent, made once, and never without a standing approval."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from tests.attacks.obedient import Obedient
from tests.connections.test_tools import run
from tests.desks import Enqueued, person, recorder_of, say
from tests.orders_api import OrdersApi
from triage import approval, proposals
from triage.connections import managing
from triage.delivery.calls import Caller
from triage.desk import triage
from triage.errors import AccessError, AlreadyDecided, ApprovalVoid, ConflictError, TriageError
from triage.models import AuditEvent, ConnectedTool, DecisionKind, Draft, Notification, Proposal, Role, Run, Ticket, User, now
from triage.office import Desk

ADDRESS = {"street": "Mill Lane 7", "city": "Delft", "note": None}
SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


@pytest.fixture
def waiting(connected: Desk) -> Desk:
    asyncio.run(run(connected, ("change_order_address", ADDRESS)))
    return connected


def the_call(session: Session) -> Proposal:
    return session.exec(select(Proposal).order_by(Proposal.id)).all()[-1]  # type: ignore[arg-type]


def who(session: Session, role: Role) -> User:
    return session.exec(select(User).where(User.role == role)).first() or person(session, role)


def approve(desk: Desk, role: Role = Role.MANAGER, **given: Any) -> Enqueued:
    enqueued: Enqueued = []
    with desk.database.transaction() as session:
        row = the_call(session)
        proposals.decide(
            session, recorder_of(enqueued), who(session, role), row.id or 0, **{"approve": True, "seal": row.seal, **given}
        )
    return enqueued


async def carry_out(desk: Desk) -> str:
    with desk.database.read() as session:
        number = the_call(session).id or 0
    return await Caller(desk.database, desk.settings).carry_out(number)


async def test_a_call_waits_for_a_manager_and_is_made_once(waiting: Desk, api: OrdersApi) -> None:
    with waiting.database.read() as session:
        row = the_call(session)
        assert (row.status, row.call) == ("waiting", {
            "method": "PATCH", "address": f"{api.base_url}/orders/KT-10001/address", "body": {"street": "Mill Lane 7", "city": "Delft"},
        })  # fmt: skip
        assert [n.kind for n in session.exec(select(Notification)) if n.kind == "proposal"] == ["proposal"]
        assert session.get_one(Ticket, row.ticket_id).status == "awaiting_approval"
    assert api.requests == [] and await carry_out(waiting) == "nothing to do"
    with pytest.raises(AccessError):
        approve(waiting, Role.STAFF)
    [(kind, _, arguments)] = approve(waiting)
    assert kind == "deliver" and arguments[1] == "call" and api.requests == []
    with pytest.raises(AlreadyDecided):
        approve(waiting)
    assert [await carry_out(waiting), await carry_out(waiting)] == ["done", "nothing to do"]
    [request] = api.changes
    assert request["body"] == {"street": "Mill Lane 7", "city": "Delft"} and request["headers"]["x-api-key"] == "s3cr3t-key"
    with waiting.database.read() as session:
        row = the_call(session)
        assert (
            row.status == "done"
            and row.answer_status == 200
            and "on its way" in row.answer
            and request["headers"]["idempotency-key"] == row.key
        )
        assert {e.kind for e in session.exec(select(AuditEvent).where(AuditEvent.ticket_id == row.ticket_id))} >= {
            "proposal",
            "call",
        }


def test_the_desks_own_worker_carries_it_out(waiting: Desk, api: OrdersApi) -> None:
    with waiting.database.transaction() as session:
        row = the_call(session)
        proposals.decide(session, waiting.enqueue, who(session, Role.MANAGER), row.id or 0, approve=True, seal=row.seal)
    waiting.work()
    end = time.monotonic() + 20
    while time.monotonic() < end and not api.changes:
        time.sleep(0.05)
    assert len(api.changes) == 1


def _another_street(session: Session, row: Proposal) -> None:
    row.call = {**row.call, "body": {"street": "Elsewhere 1", "city": "Delft"}}


def _other_arguments(session: Session, row: Proposal) -> None:
    row.arguments = {"street": "Elsewhere 1", "city": "Delft"}


def _customer_writes(session: Session, row: Proposal) -> None:
    say(session, session.get_one(Ticket, row.ticket_id), "Stop, I moved again.")


def _tool_off(session: Session, row: Proposal) -> None:
    managing.switch_off(session, who(session, Role.ADMIN), row.tool_id)


def _tool_changed(session: Session, row: Proposal) -> None:
    tool = session.get_one(ConnectedTool, row.tool_id)
    managing.switch_on(
        session, who(session, Role.ADMIN), tool.connection_id, f"{tool.method} {tool.path}", bound={"path.order_number": "order"},
        left_out=("body.note",),
    )  # fmt: skip


def _sender_unverified(session: Session, row: Proposal) -> None:
    session.get_one(Ticket, row.ticket_id).identity = "unverified"


CHANGES = [_another_street, _other_arguments, _customer_writes, _tool_off, _tool_changed, _sender_unverified]


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
@SQLITE
async def test_no_approval_survives_a_change(waiting: Desk, api: OrdersApi, change: Any) -> None:
    with waiting.database.transaction() as session:
        row = the_call(session)
        number, seal, kept = row.id or 0, row.seal, row.model_dump()
        change(session, row)
        session.add(row)
        session.flush()
        with pytest.raises(ApprovalVoid):
            proposals.decide(session, recorder_of([]), who(session, Role.MANAGER), number, approve=True, seal=seal)
        session.rollback()
    assert kept["status"] == "waiting"
    approve(waiting)
    with waiting.database.transaction() as session:
        row = the_call(session)
        change(session, row)
        session.add(row)
    assert await carry_out(waiting) == "failed" and api.changes == []


@pytest.mark.parametrize("lost", ["role", "account"])
@SQLITE
async def test_a_call_whose_approver_may_not_any_more_waits_for_another(waiting: Desk, api: OrdersApi, lost: str) -> None:
    [(_, first, _)] = approve(waiting)
    with waiting.database.transaction() as session:
        former, seen = who(session, Role.MANAGER), the_call(session).seal
        former_id = former.id
        if lost == "role":
            former.role = Role.STAFF
        else:
            former.disabled_at = now()
        session.add(former)
    assert [await carry_out(waiting), await carry_out(waiting)] == ["waiting", "nothing to do"] and api.changes == []
    with waiting.database.read() as session:
        row = the_call(session)
        assert (row.status, row.decided_by, row.decided_at) == ("waiting", None, None)
        assert row.error and "Mina" in row.error and ("switched off" in row.error) == (lost == "account")
        assert any("waits again" in n.text and row.error in n.text for n in session.exec(select(Notification)))
        told = [e.data for e in session.exec(select(AuditEvent).where(AuditEvent.kind == "proposal").order_by(AuditEvent.id))][-1]  # type: ignore[arg-type]
        assert (told["status"], told["approved_by"]) == ("waiting", former_id)
    with pytest.raises(ApprovalVoid):  # a page drawn before says nothing of what happened
        approve(waiting, Role.ADMIN, seal=seen)
    [(_, second, _)] = approve(waiting, Role.ADMIN)
    assert second != first, "work under the former key is done already, and would never be done again"
    assert await carry_out(waiting) == "done" and len(api.changes) == 1
    with waiting.database.read() as session:
        assert the_call(session).error is None


@pytest.mark.parametrize(("does", "status"), [("drop", "uncertain"), ("500", "uncertain"), ("slow", "uncertain"), ("404", "failed"), ("redirect", "failed")])  # fmt: skip
@SQLITE
async def test_an_end_that_nobody_knows_is_a_persons_matter(waiting: Desk, api: OrdersApi, does: str, status: str) -> None:
    approve(waiting)
    api.does.append(does)
    assert await carry_out(waiting) == status and await carry_out(waiting) == "nothing to do"
    assert len(api.changes) == 1
    with waiting.database.transaction() as session:
        manager, row = who(session, Role.MANAGER), the_call(session)
        assert any(n.kind == f"call {status}" for n in session.exec(select(Notification)))
        if status == "uncertain":
            with pytest.raises(AccessError):
                proposals.settle(session, who(session, Role.STAFF), row.id or 0, was_done=True)
            assert proposals.settle(session, manager, row.id or 0, was_done=True).status == "done"
        with pytest.raises(ConflictError):
            proposals.settle(session, manager, row.id or 0, was_done=True)


@SQLITE
async def test_a_refused_call_is_not_made(waiting: Desk, api: OrdersApi) -> None:
    assert approve(waiting, approve=False, comment="wrong town") == []
    assert await carry_out(waiting) == "nothing to do" and api.requests == []


@SQLITE
async def test_a_newer_run_overtakes_what_still_waits(waiting: Desk, api: OrdersApi) -> None:
    with waiting.database.transaction() as session:
        row = the_call(session)
        ticket, run_row = session.get_one(Ticket, row.ticket_id), session.get_one(Run, row.run_id)
        proposals.lay_down(session, ticket, run_row, [])
        assert row.status == "superseded" and proposals.of_ticket(session, ticket.id or 0) == []
    with pytest.raises(AlreadyDecided):
        approve(waiting)


@SQLITE
@pytest.mark.parametrize(("comment", "stands"), [("shorter please", True), ("look up the fact again", False)])
def test_another_wording_leaves_it_standing_and_other_facts_do_not(
    waiting: Desk, api: OrdersApi, comment: str, stands: bool
) -> None:
    waiting.models = {role: [Obedient({})] for role in waiting.models}
    with waiting.database.transaction() as session:
        row = the_call(session)
        ticket = session.get_one(Ticket, row.ticket_id)
        draft = session.get_one(Draft, ticket.draft_id)
        decision = approval.decide(
            session, recorder_of([]), waiting.settings, who(session, Role.MANAGER), draft.id or 0, kind=DecisionKind.REQUEST_CHANGES,
            seal=draft.seal, comment=comment,
        )  # fmt: skip
        run_id = session.exec(select(Run.id).where(Run.ticket_id == ticket.id, Run.cause == "changes")).one()
        decision_id = decision.id
    asyncio.run(triage(waiting, run_id, decision_id))
    with waiting.database.read() as session:
        assert the_call(session).status == ("waiting" if stands else "superseded")


CRASH = """
import asyncio, os, signal, sys
from triage import reach
from triage.delivery.calls import Caller
from triage.desk import triage
from triage.database import open_database
from triage.settings import load_settings
settings = load_settings(home=sys.argv[1], tool_networks=["127.0.0.0/8"])
database, real = open_database(settings), reach.exchange
def exchange(*args, **kwargs):
    real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)   # the service did it; nothing is booked
reach.exchange = exchange
asyncio.run(Caller(database, settings).carry_out(int(sys.argv[2])))
"""


@SQLITE
def test_killed_between_effect_and_record_it_is_uncertain_and_made_once(waiting: Desk, api: OrdersApi) -> None:
    approve(waiting)
    with waiting.database.read() as session:
        number = the_call(session).id
    done = subprocess.run([sys.executable, "-c", CRASH, str(waiting.settings.home), str(number)], cwd=Path(__file__).parents[2], env=dict(os.environ), check=False)  # fmt: skip
    assert done.returncode == -signal.SIGKILL and len(api.changes) == 1
    assert [asyncio.run(carry_out(waiting)) for _ in range(2)] == ["uncertain", "nothing to do"]
    assert len(api.changes) == 1


STEPS = st.lists(
    st.sampled_from(["approve", "refuse", "staff approves", "stale approve", "deliver", "customer writes", "tamper", "switch off"]), max_size=7
)  # fmt: skip


@SQLITE
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_whatever_happens_it_is_made_at_most_once_and_only_as_approved(
    waiting: Desk, api: OrdersApi, steps: list[str]
) -> None:
    api.requests.clear()
    with waiting.database.transaction() as session:
        old = the_call(session)
        tool = session.get_one(ConnectedTool, old.tool_id)
        tool.enabled = True
        ticket = session.get_one(Ticket, old.ticket_id)
        fresh = Proposal(**old.model_dump(exclude={"id", "key", "status", "seal", "decided_by", "decided_at", "answer", "answer_status", "error", "ended_at", "call", "arguments", "thread_head"}),
            arguments={"street": "Mill Lane 7", "city": "Delft"}, thread_head=ticket.thread_head,
            call={"method": "PATCH", "address": f"{api.base_url}/orders/KT-10001/address", "body": {"street": "Mill Lane 7", "city": "Delft"}})  # fmt: skip
        fresh.seal = proposals.seal_of(fresh)
        session.add_all([fresh, tool])
    void = approved = False
    for step in steps:
        try:
            if step in ("approve", "staff approves", "stale approve", "refuse"):
                given: dict[str, Any] = {"seal": "0" * 64} if step == "stale approve" else {"approve": step != "refuse"}
                approve(waiting, Role.STAFF if step == "staff approves" else Role.MANAGER, **given)
                assert step in ("approve", "refuse") and (step == "refuse" or not void)
                approved = approved or step == "approve"
            elif step == "deliver":
                await carry_out(waiting)
            else:
                with waiting.database.transaction() as session:
                    row = the_call(session)
                    {"customer writes": _customer_writes, "tamper": _another_street, "switch off": _tool_off}[step](session, row)
                    session.add(row)
                void = True
        except TriageError:
            continue
    assert len(api.changes) <= (1 if approved else 0)
    assert all(change["body"] == {"street": "Mill Lane 7", "city": "Delft"} for change in api.changes)
