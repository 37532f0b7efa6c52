"""Budgets and breakers around model calls, on both databases."""

import asyncio
from datetime import timedelta

import pytest
from pydantic import BaseModel
from sqlmodel import Session, col, func, select

from triage.database import Database, open_database
from triage.errors import AccessError, BreakerOpen, BudgetExceeded, InputError, ModelDown, ModelRefused, ToolDown, ToolError
from triage.guardrails import breakers as breakers_module
from triage.guardrails import budgets as budgets_module
from triage.guardrails import limits, overview
from triage.guardrails.breakers import Breakers
from triage.guardrails.budgets import WORKSPACE, DayBudget
from triage.guardrails.gate import DeskGate
from triage.llm.protocol import Request, Response, Usage
from triage.models import (
    AuditEvent,
    BlockedAction,
    BreakerOpening,
    BreakerState,
    GuardVerdict,
    Quarantine,
    Role,
    Run,
    SignOff,
    Spend,
    Ticket,
    User,
    clock_at,
    now,
)
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


async def test_what_a_run_spent_is_written_with_its_outcome_or_not_yet(database: Database, settings: Settings) -> None:
    gate = DeskGate(database, settings)
    await gate.before("m", request())
    gate.day.count(WORKSPACE, 7)

    def breaks(_session: Session) -> None:
        raise OSError("the outcome could not be stored")

    with pytest.raises(OSError, match="outcome"):
        await gate.close_with(breaks)
    with database.read() as session:
        assert session.exec(select(Spend)).all() == []
    assert await gate.close_with(lambda session: session.exec(select(func.count()).select_from(Spend)).one()) == 0
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


async def test_an_opening_is_remembered_with_what_it_spared(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    breakers = Breakers(database, tuned(settings, breaker_failures=2, breaker_seconds=30))
    for _ in range(2):
        await breakers.before("m")
        await breakers.after("m", ModelDown("503"))
    for _ in range(3):
        with pytest.raises(BreakerOpen):
            await breakers.before("m")
    breakers.instead("m", 0.02, first=True)
    breakers.instead("m", 0.01, first=False)
    await breakers.flush()
    clock.now += 31
    await breakers.before("m")
    await breakers.after("m", ModelDown("503"))  # the probe failed: the same opening goes on
    clock.now += 31
    await breakers.before("m")
    await breakers.after("m", None)
    with database.read() as session:
        (row,) = session.exec(select(BreakerOpening)).all()
    assert (row.name, row.why, row.failures, row.spared, row.probes, row.instead) == ("m", "503", 2, 4, 2, 2)
    assert row.instead_usd == pytest.approx(0.03) and row.closed_at is not None


async def test_a_tool_has_a_breaker_of_its_own(database: Database, settings: Settings) -> None:
    breakers = Breakers(database, tuned(settings, breaker_failures=2, breaker_seconds=30))

    async def gone() -> str:
        raise ToolDown("time-out")

    async def wrong() -> str:
        raise ToolError("there is no parcel 7")

    async def fine() -> str:
        return "on its way"

    assert await breakers.call("tool:parcel", fine) == "on its way"
    for work, kind in ((gone, ToolDown), (wrong, ToolError), (gone, ToolDown), (gone, ToolDown)):
        with pytest.raises(kind):
            await breakers.call("tool:parcel", work)
    with pytest.raises(ToolError, match=r"parcel failed 2 times in a row .* go on without it"):
        await breakers.call("tool:parcel", fine)
    assert await breakers.call("tool:stock", fine) == "on its way"


async def test_a_ticket_a_customer_and_a_month_have_limits_of_their_own(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        ticket = Ticket(subject="Again", requester_email="a@b.example")
        session.add(ticket)
        session.flush()
        session.add(Run(id="first", ticket_id=ticket.id or 0, status="ended", input_tokens=150, output_tokens=50, cost_usd=0.5))
        session.add(Run(id="second", ticket_id=ticket.id or 0))
        session.add(Spend(day=f"{now():%Y-%m}-01", scope=WORKSPACE, tokens=500))
        session.add(Spend(day=now().date().isoformat(), scope="sender:a@b.example", tokens=90))
    for name, limit in (("ticket_total_token_limit", 299), ("sender_day_token_limit", 189), ("month_token_limit", 599)):
        gate = DeskGate(database, tuned(settings, **{name: limit}), "second")
        with pytest.raises(BudgetExceeded, match=name.upper()) as refused:
            await gate.before("m", request())
        assert refused.value.limit == name
        await gate.close()
    roomy = DeskGate(database, settings, "second")
    await roomy.before("m", request())
    await roomy.after("m", answer(70), None)
    await roomy.close(["m did not answer (429); offline engine used"])
    with database.read() as session:
        counted = {row.scope: (row.tokens, row.calls) for row in session.exec(select(Spend).where(col(Spend.calls) > 0))}
    assert counted["sender:a@b.example"] == (160, 1) and counted["cut:sender_day_token_limit:m"] == (100, 1)
    assert counted["step:offline_engine"] == (0, 1) and counted[WORKSPACE][1] == 1


async def test_zero_is_no_limit(database: Database, settings: Settings) -> None:
    names = [name for name in limits.LIMITS if name.endswith(("token_limit", "cost_limit"))]
    gate = DeskGate(database, tuned(settings, **dict.fromkeys(names, 0)))
    gate.resume(10**9, 10**6)
    await gate.before("m", request())


async def test_administrators_set_limits_and_take_them_back(database: Database, settings: Settings) -> None:
    with database.transaction() as session:
        admin, manager = (User(email=f"{r}@d.example", name=r, role=r) for r in (Role.ADMIN, Role.MANAGER))
        session.add_all([admin, manager])
    with pytest.raises(AccessError):
        database.run_now(lambda s: limits.change(s, manager, "day_token_limit", 5))
    for wrong in (-1, float("nan"), 10**13):
        with pytest.raises(InputError):
            database.run_now(lambda s, wrong=wrong: limits.change(s, admin, "day_token_limit", wrong))
    with pytest.raises(InputError, match="least is 10"):
        database.run_now(lambda s: limits.change(s, admin, "sender_hour_messages", 3))
    database.run_now(lambda s: limits.change(s, admin, "day_token_limit", 50))
    gate = DeskGate(database, settings)
    with pytest.raises(BudgetExceeded, match="DAY_TOKEN_LIMIT"):
        await gate.before("m", request())
    database.run_now(lambda s: limits.change(s, admin, "day_token_limit", None))
    await DeskGate(database, tuned(settings, breaker_seconds=29.0)).before("m", request())
    with database.read() as session:
        assert limits.load(session, settings) == settings
        assert len(session.exec(select(AuditEvent).where(AuditEvent.kind == "setting")).all()) == 2


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
