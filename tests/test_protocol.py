"""The real protocol through the whole flow: each fault of the model service ends in a right ticket or a named, degraded one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete
from sqlmodel import select

from tests.knowledge import fill
from tests.loopback import Loopback, serve
from triage.desk import triage
from triage.intake.message import Incoming
from triage.intake.receive import receive
from triage.llm import models_for
from triage.models import BreakerState, Draft, Run, RunStep, Spend, Status, Ticket
from triage.office import Desk, open_desk, use
from triage.settings import load_settings

SMALL = {"model_timeout": 0.3, "model_retries": 0, "breaker_failures": 50}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(load_settings(home=tmp_path_factory.mktemp("desk")))
    fill(desk)
    yield desk
    use(None)
    desk.close()


@pytest.fixture
async def desk(opened: Desk) -> AsyncIterator[Desk]:
    """The module's desk with closed breakers and nothing spent; connections of this test's loop are closed at its end."""
    settings, models = opened.settings, opened.models
    with opened.database.transaction() as session:
        session.execute(delete(BreakerState))
        session.execute(delete(Spend))
    yield opened
    opened.settings, opened.models = settings, models
    from triage.llm import openai

    await openai.close()


@dataclass
class Ended:
    """A ticket after its run."""

    ticket: Ticket
    draft: Draft
    run: Run
    steps: list[RunStep]

    @property
    def is_right(self) -> bool:
        """Routed, answered from an article, waiting for a person."""
        return self.ticket.status == Status.AWAITING_APPROVAL and bool(self.ticket.category) and bool(self.draft.citations)


def connect(desk: Desk, base_url: str, **changes: Any) -> None:
    desk.settings = desk.settings.model_copy(update={**SMALL, "openai_base_url": base_url, **changes})
    desk.models = models_for(desk.settings)


async def worked_on(desk: Desk) -> Ended:
    incoming = Incoming(
        subject="How do I descale my kettle?", body="How do I descale my kettle with Kalkweg?", sender_email=f"{uuid4().hex}@customer.example",
        language="en",
    )  # fmt: skip
    with desk.database.transaction() as session:
        ticket_id = receive(session, incoming, desk.settings, enqueue=desk.start).ticket_id
        run_id = session.exec(select(Run.id).where(Run.ticket_id == ticket_id)).one()
    await triage(desk, run_id)
    with desk.database.read() as session:
        ticket, run = session.get_one(Ticket, ticket_id), session.get_one(Run, run_id)
        draft = session.get(Draft, ticket.draft_id) if ticket.draft_id else Draft(ticket_id=0, episode_id=0)
        assert draft is not None and run.status == "ended"
        steps = list(
            session.exec(select(RunStep).where(RunStep.run_id == run_id, RunStep.kind == "model").order_by(RunStep.ordinal))
        )  # type: ignore[arg-type]
        return Ended(ticket, draft, run, steps)


async def served(desk: Desk, script: list[str], **changes: Any) -> tuple[Ended, Loopback]:
    with serve(script=script) as service:
        connect(desk, service.base_url, **changes)
        ended = await worked_on(desk)
        service.assert_consumed()
        return ended, service


async def test_without_faults_the_service_answers_all_four_calls(desk: Desk) -> None:
    ended, service = await served(desk, [])
    assert ended.is_right and ended.draft.degraded == [] and len(service.requests) == 4
    assert (ended.run.model_calls, ended.run.model) == (4, "gpt-5+gpt-5-mini") and ended.run.cost_usd > 0


@pytest.mark.parametrize("fault", ["429", "500", "drop", "timeout"])
async def test_a_passing_fault_before_every_answer_leaves_no_mark(desk: Desk, fault: str) -> None:
    ended, service = await served(desk, [fault, "ok"] * 4, model_retries=1)
    assert ended.is_right and ended.draft.degraded == [] and len(service.requests) == 8


@pytest.mark.parametrize("role", [0, 1, 2, 3], ids=["manager", "analyst", "writer", "reviewer"])
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("429", "did not answer (429)"), ("500", "did not answer (500)"), ("drop", "did not answer (connection failed or dropped)"),
        ("timeout", "did not answer (time-out)"), ("broken_body", "did not answer (the service sent a body that is not JSON"),
        ("wrong_shape", "did not answer (the service sent something that is not a chat completion"),
        ("no_choices", "did not answer (the service sent something that is not a chat completion"),
        ("401", "refused (401: check TRIAGE_OPENAI_API_KEY)"), ("refusal", "refused (the model declined"),
        ("broken_json broken_json", "gave no usable answer ("), ("wrong_answer wrong_answer", "gave no usable answer ("),
    ],
)  # fmt: skip
async def test_a_lasting_fault_is_named_on_the_draft(desk: Desk, fault: str, says: str, role: int) -> None:
    ended, _ = await served(desk, ["ok"] * role + fault.split())
    model = "gpt-5" if role in (0, 3) else "gpt-5-mini"
    assert ended.is_right and ended.run.degraded == ended.draft.degraded
    assert [step for step in ended.draft.degraded if step.startswith(f"{model} {says}")], ended.draft.degraded
    assert all(step.endswith("; offline engine used") for step in ended.draft.degraded if "used" in step)


@pytest.mark.parametrize("fault", ["broken_json", "wrong_answer"])
async def test_one_bad_answer_is_repaired(desk: Desk, fault: str) -> None:
    ended, service = await served(desk, [fault, "ok", "ok", "ok", "ok"])
    assert ended.is_right and ended.draft.degraded == [] and len(service.requests) == 5
    assert "not a valid Plan" in service.requests[1]["messages"][-1]["content"]


async def test_with_nobody_there_the_offline_engine_does_everything_and_says_so(desk: Desk) -> None:
    connect(desk, "http://127.0.0.1:9/v1")
    ended = await worked_on(desk)
    assert ended.is_right and ended.run.model == "offline"
    assert ended.draft.degraded == [
        f"{model} did not answer (connection failed or dropped); offline engine used" for model in ("gpt-5", "gpt-5-mini")
    ]


async def test_a_cheaper_model_comes_before_the_offline_engine(desk: Desk) -> None:
    ended, service = await served(desk, ["429"], model_fallback="gpt-5-nano")
    assert ended.draft.degraded == ["gpt-5 did not answer (429); cheaper model gpt-5-nano used"]
    assert [request["model"] for request in service.requests][:2] == ["gpt-5", "gpt-5-nano"] and ended.is_right


async def test_tool_calls_are_answered_over_the_wire(desk: Desk) -> None:
    ended, service = await served(
        desk, ["ok", 'tools:search_knowledge:{"query": "pair"}', 'tools:search_knowledge:{"query"', "tools:send_email:{}"]
    )
    assert ended.is_right and ended.draft.degraded == []
    told = [message["content"] for message in service.requests[4]["messages"] if message["role"] == "tool"]
    assert "pair-the-kettle" in told[0] and told[1].startswith("Error:") and told[2].startswith("Error: there is no tool")


async def test_endless_tool_calls_make_way_for_the_offline_engine(desk: Desk) -> None:
    ended, _ = await served(desk, ["ok", *['tools:search_knowledge:{"query": "x"}'] * desk.settings.turn_limit])
    assert ended.is_right and ended.draft.degraded[0].startswith("gpt-5-mini gave no usable answer (analyst used 6 of 6 turns")


async def test_a_service_that_hangs_ends_with_a_person(desk: Desk) -> None:
    ended, _ = await served(desk, ["timeout"], model_timeout=30.0, run_seconds=0.5)
    assert (ended.ticket.status, ended.ticket.reason, ended.ticket.approver) == (Status.ESCALATED, "budget_exceeded", "manager")


ONE = {f"model_{role}": "one" for role in ("manager", "analyst", "writer", "reviewer")}


async def test_a_breaker_opens_after_failures_and_closes_by_a_probe(desk: Desk) -> None:
    with serve(script=["500", "500"]) as service:
        connect(desk, service.base_url, **ONE, breaker_failures=2, breaker_seconds=0.6)
        ended = await worked_on(desk)
        assert ended.is_right and len(service.requests) == 2  # writer and reviewer did not even ask
        assert any(step.startswith("one was not asked (one failed 2 times in a row") for step in ended.draft.degraded)
        await asyncio.sleep(0.7)
        again = await worked_on(desk)
        assert again.is_right and again.draft.degraded == [] and len(service.requests) == 6
    with desk.database.read() as session:
        row = session.get_one(BreakerState, "one")
        assert (row.state, row.openings, row.failures) == ("closed", 1, 0)


async def test_a_probe_that_fails_keeps_the_breaker_open(desk: Desk) -> None:
    with serve(script=["500"] * 3) as service:
        connect(desk, service.base_url, **ONE, breaker_failures=2, breaker_seconds=0.6)
        await worked_on(desk)
        await asyncio.sleep(0.7)
        ended = await worked_on(desk)
        assert ended.is_right and len(service.requests) == 3
    with desk.database.read() as session:
        assert session.get_one(BreakerState, "one").openings == 2


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ({"ticket_token_limit": 60}, "TRIAGE_TICKET_TOKEN_LIMIT"), ({"day_token_limit": 60}, "TRIAGE_DAY_TOKEN_LIMIT"),
        ({"ticket_cost_limit": 0.0001}, "TRIAGE_TICKET_COST_LIMIT"), ({"day_cost_limit": 0.0001}, "TRIAGE_DAY_COST_LIMIT"),
    ],
)  # fmt: skip
async def test_a_cap_degrades_by_name_and_the_ticket_is_still_right(desk: Desk, limit: dict[str, Any], says: str) -> None:
    with serve() as service:
        connect(desk, service.base_url, **limit)
        ended = await worked_on(desk)
        asked = len(service.requests)
        later = await worked_on(desk)
    assert ended.is_right and later.is_right and asked < 4
    assert any("was not asked" in step and says in step for step in ended.draft.degraded), ended.draft.degraded
    if "day" in says.lower():
        assert len(service.requests) == asked  # the day is over for the next ticket too
    assert ended.run.model.endswith("offline")
