"""Budgets and breakers around model calls, on both databases."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import BaseModel
from sqlmodel import select

from triage.database import Database, open_database
from triage.errors import BreakerOpen, BudgetExceeded, ModelDown, ModelRefused
from triage.guardrails import breakers as breakers_module
from triage.guardrails import budgets as budgets_module
from triage.guardrails import overview
from triage.guardrails.breakers import Breakers
from triage.guardrails.budgets import WORKSPACE, DayBudget
from triage.guardrails.gate import DeskGate
from triage.llm.protocol import Request, Response, Usage
from triage.models import BlockedAction, BreakerState, GuardVerdict, Quarantine, SignOff, Spend, Ticket, User, clock_at, now
from triage.settings import Settings


class Nothing(BaseModel):
    pass


def request(characters: int = 400) -> Request:
    return Request("writer", [{"role": "user", "content": "x" * characters}], Nothing, Nothing())


def answer(tokens: int = 100, cost: float = 0.01) -> Response:
    return Response("m", usage=Usage(tokens, 0, 0, cost))


class Clock:
    """Monotonic seconds that tests turn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        for module in (breakers_module, budgets_module):
            monkeypatch.setattr(module.time, "monotonic", lambda: self.now)


def tuned(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


async def test_a_ticket_stops_at_its_tokens_and_money(database: Database, settings: Settings) -> None:
    gate = DeskGate(database, tuned(settings, ticket_token_limit=250))
    await gate.before("m", request())
    await gate.after("m", answer(180), None)
    with pytest.raises(BudgetExceeded, match="TRIAGE_TICKET_TOKEN_LIMIT"):
        await gate.before("m", request())
    rich = DeskGate(database, tuned(settings, ticket_cost_limit=0.02))
    rich.resume(10, 0.02)
    with pytest.raises(BudgetExceeded, match="TRIAGE_TICKET_COST_LIMIT"):
        await rich.before("m", request())
    await rich.before("offline", request())


async def test_the_day_is_counted_together_and_stops_everyone(database: Database, settings: Settings) -> None:
    limited = tuned(settings, day_token_limit=999)
    first, second = DeskGate(database, limited), DeskGate(database, limited)
    for gate in (first, second):
        await gate.before("m", request())
        await gate.after("m", answer(450), None)
        await gate.close()
    with pytest.raises(BudgetExceeded, match="TRIAGE_DAY_TOKEN_LIMIT"):
        await first.before("m", request())
    with database.read() as session:
        rows = {row.scope: (row.tokens, round(row.cost_usd, 6)) for row in session.exec(select(Spend))}
    assert rows == {WORKSPACE: (900, 0.02), "model:m": (900, 0.02)}


async def test_sums_of_several_processes_are_never_lost(database: Database, settings: Settings) -> None:
    others = [open_database(settings) for _ in range(3)]
    try:
        days = [DayBudget(each, settings) for each in others]
        for _ in range(10):
            for day in days:
                await day.add("m", 5, 0.5)
            await asyncio.gather(*(day.flush() for day in days))
    finally:
        for each in others:
            each.close()
    with database.read() as session:
        row = session.get(Spend, (now().date().isoformat(), WORKSPACE))
        assert row is not None
        assert (row.tokens, row.cost_usd) == (150, 15.0)


async def test_what_cannot_be_written_is_kept(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    day = DayBudget(database, settings)

    async def down(_work: object) -> None:
        raise OSError("database is away")

    with monkeypatch.context() as patched:
        patched.setattr(database, "run", down)
        with pytest.raises(OSError, match="away"):
            await day.add("m", 7, 0.0)
    await day.flush()
    with database.read() as session:
        assert [row.tokens for row in session.exec(select(Spend).where(Spend.scope == WORKSPACE))] == [7]


async def test_a_breaker_opens_probes_once_and_closes(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    breakers = Breakers(database, tuned(settings, breaker_failures=3, breaker_seconds=30))
    for _ in range(3):
        await breakers.before("m")
        await breakers.after("m", ModelDown("429"))
    with pytest.raises(BreakerOpen, match="another 30 s"):
        await breakers.before("m")
    clock.now += 31
    await breakers.before("m")
    with pytest.raises(BreakerOpen, match="being tried"):
        await breakers.before("m")
    await breakers.after("m", ModelDown("still"))
    with pytest.raises(BreakerOpen):
        await breakers.before("m")
    clock.now += 31
    await breakers.before("m")
    await breakers.after("m", None)
    await breakers.before("m")
    with database.read() as session:
        row = session.get(BreakerState, "m")
        assert row is not None
        assert (row.state, row.openings, row.failures, row.last_error) == ("closed", 2, 0, "still")


async def test_a_probe_that_never_ended_does_not_block_for_ever(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    breakers = Breakers(database, tuned(settings, breaker_failures=1, breaker_seconds=1, model_timeout=10, model_retries=0))
    await breakers.before("m")
    await breakers.after("m", ModelDown("down"))
    clock.now += 2
    await breakers.before("m")
    clock.now += 12
    await breakers.before("m")


async def test_a_refusal_is_an_answer(database: Database, settings: Settings) -> None:
    breakers = Breakers(database, tuned(settings, breaker_failures=2))
    for error in (ModelDown("x"), ModelRefused("no"), ModelDown("x")):
        await breakers.before("m")
        await breakers.after("m", error)
    await breakers.before("m")


async def test_a_restart_remembers_an_open_breaker(database: Database, settings: Settings) -> None:
    limited = tuned(settings, breaker_failures=1, breaker_seconds=300)
    await Breakers(database, limited).after("m", ModelDown("gone"))
    with pytest.raises(BreakerOpen):
        await Breakers(database, limited).before("m")


async def test_calls_cost_few_statements(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = DeskGate(database, settings)
    await gate.before("m", request())
    await gate.after("m", answer(), None)
    statements = 0
    run = database.run

    async def counted(work: object) -> object:
        nonlocal statements
        statements += 1
        return await run(work)  # type: ignore[arg-type]

    monkeypatch.setattr(database, "run", counted)
    for _ in range(20):
        await gate.before("m", request())
        await gate.after("m", answer(), None)
    assert statements <= 20


def test_the_overview(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Pay me", requester_email="a@b.example", status="quarantined")  # type: ignore[arg-type]
        user = User(email="m@desk.example", name="M")
        session.add_all([ticket, user])
        session.flush()
        assert ticket.id and user.id
        for verdict, overruled in (("block", False), ("flag", True), ("allow", False)):
            session.add(GuardVerdict(ticket_id=ticket.id, stage="input", rule="injection", verdict=verdict, overruled=overruled))
        with clock_at(now() - timedelta(days=40)):
            session.add(GuardVerdict(ticket_id=ticket.id, stage="input", rule="injection", verdict="block"))
        session.add(GuardVerdict(ticket_id=ticket.id, stage="input", rule="old_rule", verdict="flag"))
        action = BlockedAction(ticket_id=ticket.id, action="issue_refund", rule="payments")
        session.add_all(
            [
                action,
                Quarantine(ticket_id=ticket.id, reason="injection"),
                Spend(day=now().date().isoformat(), scope="model:m", tokens=5),
            ]
        )
        session.flush()
        assert action.id
        session.add(SignOff(blocked_action_id=action.id, user_id=user.id, granted=True))
    with database.read() as session:
        rows = {row.name: row for row in overview.rules(session)}
        assert set(overview.RULES) <= set(rows)
        assert (rows["injection"].fired, rows["injection"].blocked, rows["injection"].overruled) == (2, 1, 1)
        assert rows["old_rule"].fired == 1
        assert [
            (row.action.action, row.subject, row.granted, row.refused) for row in overview.blocked_actions(session, status="open")
        ] == [("issue_refund", "Pay me", 1, 0)]
        assert [(row.sender, row.reason) for row in overview.quarantined(session)] == [("a@b.example", "injection")]
        budgets = overview.budgets(session, settings)
        assert [(row.scope, row.tokens, row.token_limit) for row in budgets] == [
            (WORKSPACE, 0, settings.day_token_limit),
            ("m", 5, None),
        ]
        assert overview.breakers(session) == []


def test_every_rule_has_plain_words() -> None:
    from triage.guardrails import actions, escalation, input, output

    checks = {check.rule for point in (input.CHECKPOINT, escalation.CHECKPOINT, output.CHECKPOINT) for check in point.checks}
    checks |= {check.rule for check in actions.CHECKPOINT.checks} - {"known_action"}
    assert checks <= set(overview.RULES)
