"""The fallback chain: recorded, gated, named, and never paid twice."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from triage.briefs import PlanBrief, Review, TicketBrief
from triage.database import Database
from triage.errors import BreakerOpen, BudgetExceeded, ModelDown, ModelRefused
from triage.llm.chain import Chain
from triage.llm.degradation import Step, step_of, to_person
from triage.llm.protocol import Request, Response
from triage.llm.scripted import ScriptedModel
from triage.models import RunStep
from triage.recording import Recorder

REQUEST = Request(
    "reviewer",
    [{"role": "user", "content": "?"}],
    Review,
    PlanBrief(ticket=TicketBrief(ticket_id=1, subject="", body=""), categories=[]),
)
REVIEW = Review(verdict="approve", notes=[], unanswered=[], confidence=1.0)


async def test_each_step_down_is_named_and_recorded(database: Database, recorder: Recorder, gate: Any) -> None:
    degraded: list[str] = []
    models = [
        ScriptedModel([ModelDown("429")], name="gpt-5"),
        ScriptedModel([ModelRefused("400: no")], name="mini"),
        ScriptedModel([REVIEW], name="last"),
    ]
    response = await Chain(models, gate, recorder, degraded).answer(REQUEST)
    assert response.model == "last"
    assert degraded == ["gpt-5 did not answer (429); cheaper model mini used", "mini refused (400: no); cheaper model last used"]
    assert step_of(degraded) == Step.CHEAPER and gate.down == ["gpt-5", "mini"] and gate.spared == []
    assert gate.told == [("gpt-5", False, "ModelDown"), ("mini", False, "ModelRefused"), ("last", True, None)]
    with database.read() as session:
        steps = session.exec(select(RunStep).order_by(RunStep.ordinal)).all()
    assert [(step.kind, step.name, step.error) for step in steps] == [
        ("model", "gpt-5", "ModelDown: 429"),
        ("model", "mini", "ModelRefused: 400: no"),
        ("model", "last", None),
    ]
    assert steps[2].input_tokens == 100


async def test_resuming_calls_no_model_again(database: Database, recorder: Recorder, gate: Any) -> None:
    first = [ScriptedModel([ModelDown("429")], name="a"), ScriptedModel([REVIEW], name="b")]
    answered = await Chain(first, gate, recorder, []).answer(REQUEST)
    again, degraded = await Recorder.resume(database, "run"), []
    silent = [ScriptedModel([], name="a"), ScriptedModel([], name="b")]
    assert await Chain(silent, gate, again, degraded).answer(REQUEST) == answered
    assert degraded == ["a did not answer (429); cheaper model b used"]
    assert gate.down == ["a"]  # counted once, when it happened
    assert not silent[0].requests and not silent[1].requests
    assert again.model_calls == recorder.model_calls and again.input_tokens == recorder.input_tokens


@pytest.mark.parametrize("refusal", [BudgetExceeded("the day's cap of 50 USD is reached"), BreakerOpen("five failures")])
async def test_a_gate_that_refuses_leads_to_the_offline_engine(recorder: Recorder, gate: Any, refusal: Exception) -> None:
    class Free(ScriptedModel):
        provider = "offline"

    gate.refuse = refusal
    paid, free, degraded = ScriptedModel([], name="gpt-5"), Free([REVIEW], name="offline"), []
    response = await Chain([paid, free], gate, recorder, degraded).answer(REQUEST)
    assert response.model == "offline" and gate.asked == ["gpt-5"]
    assert degraded == [f"gpt-5 was not asked ({refusal}); offline engine used"] and step_of(degraded) == Step.OFFLINE
    assert gate.down == ["gpt-5"] and gate.spared == ([("gpt-5", True)] if isinstance(refusal, BreakerOpen) else [])


async def test_the_last_models_error_is_raised(recorder: Recorder, gate: Any) -> None:
    with pytest.raises(ModelDown, match="500"):
        await Chain([ScriptedModel([ModelDown("500")])], gate, recorder, []).answer(REQUEST)


async def test_a_cancelled_call_tells_the_gate(recorder: Recorder, gate: Any) -> None:
    class Slow(ScriptedModel):
        async def answer(self, request: Request) -> Response:
            await asyncio.sleep(60)
            raise AssertionError

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await Chain([Slow([], name="slow")], gate, recorder, []).answer(REQUEST)
    assert gate.told == [("slow", False, "ModelDown")]


def test_the_last_step_counts_and_other_sentences_are_none() -> None:
    assert step_of([]) == step_of(["m did not answer (429); the searches' own order used"]) == Step.FULL
    assert step_of(["x refused (401); offline engine used", "y refused (401); cheaper model z used"]) == Step.OFFLINE
    assert step_of([to_person("No model gave a usable answer: 500.")]) == Step.PERSON
