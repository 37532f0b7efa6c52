"""What calls of connected APIs cost: kept with the step at the moment of the call, paid once, and held against the budgets."""

import asyncio
from typing import Any

import pytest
from sqlmodel import Session, col, select

from tests.connections.conftest import BOUND, STATE
from tests.connections.test_proposals import ADDRESS as NEW_ADDRESS
from tests.connections.test_proposals import approve, carry_out, the_call, who
from tests.connections.test_tools import answers, run
from tests.orders_api import OrdersApi
from triage import genai, reach, traces, tracing
from triage.connections import managing, prices
from triage.desk import triage
from triage.errors import AccessError, InputError
from triage.guardrails import spending
from triage.guardrails.budgets import WORKSPACE
from triage.models import AuditEvent, ConnectedTool, Proposal, Role, Run, RunStep, SpanRecord, Spend, Status, Ticket
from triage.office import Desk
from triage.replay import of_run, replay
from triage.replay.changes import Changes
from triage.replay.forking import fork

SQLITE = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
READ = ("order_state", {"detail": "full"})
PRICE = 0.02


@pytest.fixture
def priced(connected: Desk) -> Desk:
    """Looking an order up costs 2 cents, changing its address 5; looking a product up is free."""
    for name, price in (("order_state", "0.02"), ("change_order_address", "0.05")):
        reprice(connected, name, price)
    return connected


def reprice(desk: Desk, name: str, price: str) -> None:
    with desk.database.transaction() as session:
        managing.set_price(session, who(session, Role.ADMIN), _number(session, name), price)


def _number(session: Session, name: str) -> int:
    return session.exec(select(ConnectedTool.id).where(ConnectedTool.name == name)).one() or 0


def _steps(session: Session, run_id: str) -> list[RunStep]:
    mine = select(RunStep).where(RunStep.run_id == run_id, RunStep.kind == "tool")
    return list(session.exec(mine.order_by(col(RunStep.ordinal))))


def costs(desk: Desk, run_id: str) -> tuple[list[float], float]:
    """What each call of a tool cost, and the run."""
    with desk.database.read() as session:
        return [step.cost_usd for step in _steps(session, run_id)], session.get_one(Run, run_id).cost_usd


def spent(desk: Desk) -> dict[str, float]:
    """US dollars of today, by scope; the scripted models cost nothing."""
    with desk.database.read() as session:
        return {row.scope: round(row.cost_usd, 9) for row in session.exec(select(Spend).where(Spend.cost_usd > 0))}


# ---- the price ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "price"), [("0.004", 0.004), (" $ 1.5 ", 1.5), (".25", 0.25), ("", 0.0), ("0", 0.0), ("3", 3.0), ("1000", 1000.0)]
)
def test_a_price_is_read_as_it_is_written(said: str, price: float) -> None:
    assert prices.read(said) == price == prices.read(prices.written(price))


@pytest.mark.parametrize("said", ["-1", "nan", "inf", "1e3", "0,004", "four", "1.2.3", "1000.01", "9" * 400, "٣", "1 000"])
def test_what_is_no_price_is_refused_with_words(said: str) -> None:
    with pytest.raises(InputError, match=r"is no price|cannot cost more"):
        prices.read(said)


def test_a_price_is_said_as_short_as_it_is_exact() -> None:
    assert [prices.told(price) for price in (0.0, 0.004, 2.5, 3.0, 0.000015)] == [
        "free", "$0.004 a call", "$2.50 a call", "$3 a call", "$0.000015 a call",
    ]  # fmt: skip


async def test_administrators_set_a_price_and_it_is_audited(connected: Desk) -> None:
    with connected.database.transaction() as session:
        admin, number = who(session, Role.ADMIN), _number(session, "order_state")
        tool = session.get_one(ConnectedTool, number)
        digest = tool.digest
        assert tool.price_usd == 0.0
        managing.set_price(session, admin, number, "0.02")
        with pytest.raises(AccessError):
            managing.set_price(session, who(session, Role.MANAGER), number, "0")
        with pytest.raises(InputError, match="is no price"):
            managing.set_price(session, admin, number, "two cents")
        with pytest.raises(InputError, match="is gone"):
            managing.set_price(session, admin, 999, "1")
        [event] = session.exec(select(AuditEvent).where(AuditEvent.kind == "tool_price"))
        assert (event.data["tool"], event.data["before"], event.data["price_usd"]) == ("order_state", 0.0, 0.02)
        again = managing.switch_on(session, admin, tool.connection_id, STATE, name="order_state", bound=BOUND)
        assert again.price_usd == 0.02, "who says nothing of a price leaves it"
        managing.switch_on(session, admin, tool.connection_id, STATE, name="order_state", bound=BOUND, price="0.03")
        assert (tool.price_usd, tool.digest) == (0.03, digest), "a price voids no proposal"
        told = session.exec(select(AuditEvent).where(AuditEvent.kind == "tool_on").order_by(col(AuditEvent.id))).all()
        assert told[-1].data["price_usd"] == 0.03
        with pytest.raises(InputError, match="is no price"):
            managing.switch_on(session, admin, tool.connection_id, STATE, name="order_state", bound=BOUND, price="-1")


# ---- calls of a run -----------------------------------------------------------------------------------------


async def test_a_call_costs_what_it_did_when_it_was_made(priced: Desk, api: OrdersApi) -> None:
    tracing.configure(priced.database, priced.settings)
    ticket_id, run_id, _ = await run(priced, READ, ("get_product", {"product": "A-1"}), READ)
    tracing.shutdown()
    assert costs(priced, run_id) == ([PRICE, 0.0, PRICE], pytest.approx(2 * PRICE)) and len(api.requests) == 3
    reprice(priced, "order_state", "7")
    assert costs(priced, run_id) == ([PRICE, 0.0, PRICE], pytest.approx(2 * PRICE))
    with priced.database.read() as session:
        customer = session.get_one(Ticket, ticket_id).customer_id
        spans = session.exec(select(SpanRecord).where(SpanRecord.run_id == run_id)).all()
        admin = who(session, Role.ADMIN)
        bars = traces.load(session, admin, run_id).bars
        dear = traces.listing(session, admin, traces.RunFilter(cost_from=0.03)).rows
        tools = [(row.name, row.calls, round(row.cost_usd, 9)) for row in spending.tool_rows(session)]
    assert spent(priced) == {"tool:order_state": 0.04, WORKSPACE: 0.04, f"customer:{customer}": 0.04}
    assert tools == [("order_state", 2, 0.04), ("get_product", 1, 0.0)]
    told = {span.attributes[genai.TOOL]: span.attributes.get(genai.COST) for span in spans if genai.TOOL in span.attributes}
    assert told == {"order_state": PRICE, "get_product": None}
    assert [bar.cost_usd for bar in bars if bar.what == "tool"] == [PRICE, 0.0, PRICE] and [row.id for row in dear] == [run_id]


@SQLITE
@pytest.mark.parametrize("does", ["404", "500", "redirect", "drop", "slow"])
async def test_a_call_that_failed_after_its_request_left_is_paid(priced: Desk, api: OrdersApi, does: str) -> None:
    api.does.append(does)
    _, run_id, _ = await run(priced, READ)
    assert costs(priced, run_id) == ([PRICE], PRICE) and len(api.requests) == 1


@SQLITE
async def test_what_was_never_asked_costs_nothing(priced: Desk, api: OrdersApi) -> None:
    """Wrong arguments, an order of somebody else's, a service that is not there, an open breaker, a mere proposal."""
    _, run_id, _ = await run(priced, ("order_state", {"detail": "everything"}), ("change_order_address", NEW_ADDRESS))
    assert costs(priced, run_id) == ([0.0, 0.0], 0.0)
    _, run_id, _ = await run(priced, READ, body="Where is order KT-99999?")
    assert costs(priced, run_id) == ([0.0], 0.0)
    with priced.database.transaction() as session:
        tool = session.get_one(ConnectedTool, _number(session, "order_state"))
        connection = session.get_one(managing.Connection, tool.connection_id)
        connection.base_url = "http://127.0.0.1:9"
        session.add(connection)
    _, run_id, model = await run(priced, *[READ] * 7, body="Where is order KT-10001 now?")
    assert costs(priced, run_id) == ([0.0] * 7, 0.0) and "not asked" in answers(model)[-1]
    assert api.requests == [] and spent(priced) == {}


@SQLITE
async def test_what_a_run_had_paid_is_read_back_and_not_paid_again(priced: Desk, api: OrdersApi) -> None:
    _, run_id, _ = await run(priced, READ)
    with priced.database.transaction() as session:  # as if the process died before the outcome was stored
        row = session.get_one(Run, run_id)
        row.status, row.cost_usd = "running", 0.0
        session.get_one(Ticket, row.ticket_id).status = Status.TRIAGING
    reprice(priced, "order_state", "9")
    before = spent(priced)
    await triage(priced, run_id)
    assert costs(priced, run_id) == ([PRICE], PRICE) and len(api.requests) == 1 and spent(priced) == before


@SQLITE
async def test_a_paid_answer_is_written_before_anything_else_can_break(priced: Desk, api: OrdersApi) -> None:
    """As with models: a process killed right after the answer finds it, and asks nobody again."""
    seen: list[list[float]] = []
    real = reach.exchange

    def exchange(*args: Any, **kwargs: Any) -> Any:
        with priced.database.read() as session:
            seen.append([step.cost_usd for step in session.exec(select(RunStep).where(RunStep.kind == "tool"))])
        return real(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(reach, "exchange", exchange)
        await run(priced, ("get_product", {"product": "A-1"}), READ, READ)
    assert seen == [[], [], [0.0, PRICE]], "what is free waits in memory for the next that is not"


@SQLITE
async def test_a_call_in_which_the_runs_time_ends_is_paid(priced: Desk, api: OrdersApi) -> None:
    priced.settings = priced.settings.model_copy(update={"tool_seconds": 5.0, "run_seconds": 1.5})
    api.does.append("slow")
    _, run_id, _ = await run(priced, READ)
    assert costs(priced, run_id) == ([PRICE], PRICE) and spent(priced)[WORKSPACE] == PRICE
    with priced.database.read() as session:
        [step] = _steps(session, run_id)
        assert step.error and "cut off" in step.error
        assert "longer than" in (session.get_one(Run, run_id).error or "")


@SQLITE
async def test_a_replay_pays_nothing_and_a_fork_pays_what_it_asks_at_todays_price(priced: Desk, api: OrdersApi) -> None:
    _, run_id, _ = await run(priced, READ, READ)
    with priced.database.read() as session:
        recording = of_run(session, run_id)
        admin = who(session, Role.ADMIN)
        second = _steps(session, run_id)[1].ordinal
    assert "price" not in str(recording.shared["connected"]), "a recording holds no price: each call has its own"
    before = spent(priced)
    await replay(recording, priced.settings)
    assert len(api.requests) == 2 and spent(priced) == before
    reprice(priced, "order_state", "0.5")
    fork_id = await fork(priced, admin, run_id, second, Changes(prompts={"writer": "Write for {company}."}))
    assert costs(priced, fork_id) == ([0.0, 0.5], 0.5), "what was taken over was paid before"
    assert api.requests[-1]["headers"]["x-api-key"] == "s3cr3t-key", "and it is asked with the access right of now"
    assert costs(priced, run_id) == ([PRICE, PRICE], pytest.approx(2 * PRICE))
    assert spent(priced)["tool:order_state"] == 0.54


# ---- budgets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["ticket_cost_limit", "ticket_total_cost_limit", "sender_day_cost_limit", "day_cost_limit", "month_cost_limit"])  # fmt: skip
@SQLITE
async def test_a_call_that_does_not_fit_a_budget_is_not_made(priced: Desk, api: OrdersApi, limit: str) -> None:
    priced.settings = priced.settings.model_copy(update={limit: 0.05})
    _, run_id, model = await run(priced, READ, READ, READ, ("get_product", {"product": "A-1"}))
    assert costs(priced, run_id)[0] == [PRICE, PRICE, 0.0, 0.0]
    assert [request["path"] for request in api.requests] == ["/orders/KT-10001?detail=full"] * 2 + ["/products/A-1"]
    refused = answers(model)[2]
    assert "does not fit" in refused and f"TRIAGE_{limit.upper()}" in refused and "go on without it" in refused
    with priced.database.read() as session:
        [row] = [row for row in spending.limit_rows(session, priced.settings) if row.cut]
    assert (row.name, row.cut, row.saved_usd) == (limit, 1, pytest.approx(PRICE))


@SQLITE
async def test_what_a_ticket_paid_before_counts_for_its_next_run(priced: Desk, api: OrdersApi) -> None:
    priced.settings = priced.settings.model_copy(update={"ticket_total_cost_limit": 0.03})
    ticket_id, _, _ = await run(priced, READ)
    with priced.database.transaction() as session:
        ticket = session.get_one(Ticket, ticket_id)
        ticket.status = Status.RECEIVED
        other = Run(ticket_id=ticket_id, episode_id=ticket.episode_id)
        session.add_all([ticket, other])
        run_id = other.id
    await triage(priced, run_id)
    assert costs(priced, run_id) == ([0.0], 0.0) and len(api.requests) == 1


# ---- calls that people approved -------------------------------------------------------------------------------


@pytest.fixture
def proposed(priced: Desk) -> Desk:
    asyncio.run(run(priced, READ, ("change_order_address", NEW_ADDRESS)))
    return priced


def _booked(desk: Desk) -> tuple[str, float, float]:
    """How the call ended, what it cost, and what the run costs that proposed it."""
    with desk.database.read() as session:
        row = the_call(session)
        return row.status, row.cost_usd, round(session.get_one(Run, row.run_id).cost_usd, 9)


async def test_an_approved_call_is_part_of_its_runs_cost(proposed: Desk, api: OrdersApi) -> None:
    assert _booked(proposed) == ("waiting", 0.0, PRICE), "a proposal asks nobody"
    proposed.settings = proposed.settings.model_copy(update={"day_cost_limit": 0.01})
    approve(proposed)
    reprice(proposed, "change_order_address", "0.06")
    assert await carry_out(proposed) == "done", "what a person decided is not held back by a budget"
    assert _booked(proposed) == ("done", 0.06, 0.08)
    await carry_out(proposed)
    reprice(proposed, "change_order_address", "0")
    assert _booked(proposed) == ("done", 0.06, 0.08)
    assert spent(proposed)["tool:change_order_address"] == 0.06 and spent(proposed)[WORKSPACE] == 0.08
    with proposed.database.read() as session:
        told = session.exec(select(AuditEvent).where(AuditEvent.kind == "call")).all()[-1]
        assert told.data["cost_usd"] == 0.06


@pytest.mark.parametrize(("does", "status"), [("drop", "uncertain"), ("500", "uncertain"), ("slow", "uncertain"), ("404", "failed")])  # fmt: skip
@SQLITE
async def test_an_approved_call_costs_once_its_request_left(proposed: Desk, api: OrdersApi, does: str, status: str) -> None:
    approve(proposed)
    api.does.append(does)
    assert await carry_out(proposed) == status
    assert _booked(proposed) == (status, 0.05, 0.07)


@SQLITE
async def test_an_approved_call_that_was_not_made_costs_nothing(proposed: Desk, api: OrdersApi) -> None:
    approve(proposed)
    proposed.settings = proposed.settings.model_copy(update={"tool_networks": []})  # the service may not be reached any more
    assert await carry_out(proposed) == "failed" and api.changes == []
    assert _booked(proposed) == ("failed", 0.0, PRICE) and "tool:change_order_address" not in spent(proposed)


@SQLITE
async def test_a_call_that_a_crash_cut_off_counts_as_paid(proposed: Desk, api: OrdersApi) -> None:
    approve(proposed)
    with proposed.database.transaction() as session:  # claimed, and the process died: nobody knows whether it was made
        row = the_call(session)
        row.status, row.cost_usd = "sending", 0.05
        session.add(row)
    assert [await carry_out(proposed) for _ in range(2)] == ["uncertain", "nothing to do"]
    assert _booked(proposed) == ("uncertain", 0.05, 0.07) and spent(proposed)["tool:change_order_address"] == 0.05
    assert len(_proposals(proposed)) == 1


@SQLITE
async def test_a_call_that_two_workers_take_is_made_and_paid_once(proposed: Desk, api: OrdersApi) -> None:
    approve(proposed)
    api.does.append("slow")
    assert sorted(await asyncio.gather(carry_out(proposed), carry_out(proposed))) == ["uncertain", "uncertain"]
    assert len(api.changes) == 1 and _booked(proposed) == ("uncertain", 0.05, 0.07)
    assert spent(proposed)["tool:change_order_address"] == 0.05


def _proposals(desk: Desk) -> list[Proposal]:
    with desk.database.read() as session:
        return list(session.exec(select(Proposal)))
