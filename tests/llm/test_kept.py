"""Kept answers: paid once, told apart by everything that decides them, never a refusal, never more than fits."""

import pytest
from pydantic import BaseModel
from sqlmodel import func, select

from triage.database import Database
from triage.errors import ModelRefused
from triage.llm import kept
from triage.llm.offline import OfflineModel
from triage.llm.protocol import Request, Response, ToolCall, ToolSpec, Usage
from triage.llm.scripted import ScriptedModel
from triage.models import KeptAnswer


class Answer(BaseModel):
    text: str


WHOLE = Response("m", "an answer", [], Usage(100, 20, 0, 0.5))


def asked(text: str = "What?", **more: object) -> Request:
    return Request("writer", [{"role": "user", "content": text}], Answer, Answer(text=""), **more)  # type: ignore[arg-type]


async def test_the_same_request_is_paid_once_and_reports_no_usage_again(database: Database) -> None:
    calls = Response("m", "", [ToolCall("c", "look", '{"a": 1}')], Usage(5, 5, 0, 0.1), "tool_calls")
    model = ScriptedModel([WHOLE, calls], name="m")
    keeper = kept.KeptModel(model, database, most_bytes=10_000)
    first, second = await keeper.answer(asked()), await keeper.answer(asked())
    assert first.usage.cost_usd == 0.5 and second.usage == Usage() and second.text == first.text
    await keeper.answer(asked("And?"))
    assert (await keeper.answer(asked("And?"))).tool_calls == calls.tool_calls
    model.assert_consumed()
    with database.read() as session:
        assert kept.rates(session)[:2] == (2, 4)


async def test_whatever_decides_an_answer_is_in_its_key(database: Database) -> None:
    other = asked(tools=[ToolSpec("look", "Looks.", {})])
    longer = asked(max_output_tokens=9)
    model = ScriptedModel([], name="m")
    keys = {
        kept.key_of(model, request, trial)
        for request, trial in ((asked(), 0), (asked(), 1), (asked("?"), 0), (other, 0), (longer, 0))
    }
    keys.add(kept.key_of(ScriptedModel([], name="n"), asked(), 0))
    assert len(keys) == 6


async def test_refused_filtered_and_cut_answers_are_not_kept(database: Database) -> None:
    bad = [Response("m", "no", finish_reason="content_filter"), Response("m", "cut", finish_reason="length"), Response("m", "")]
    model = ScriptedModel([ModelRefused("declined"), *bad, WHOLE], name="m")
    keeper = kept.KeptModel(model, database, most_bytes=10_000)
    with pytest.raises(ModelRefused):
        await keeper.answer(asked())
    for _ in range(5):
        await keeper.answer(asked())
    model.assert_consumed()


async def test_the_least_recently_used_go_when_there_are_too_many(database: Database) -> None:
    model = ScriptedModel([Response("m", "x" * 40) for _ in range(4)], name="m")
    keeper = kept.KeptModel(model, database, most_bytes=100)
    for text in ("a", "b", "a", "c", "a", "b"):  # c takes the place of b, which was used before a
        await keeper.answer(asked(text))
    model.assert_consumed()
    with database.read() as session:
        assert session.exec(select(func.sum(KeptAnswer.size))).one() <= 100


def test_what_costs_nothing_is_asked_each_time(database: Database) -> None:
    offline = OfflineModel()
    assert kept.kept({"writer": [offline]}, database, most_bytes=10)["writer"] == [offline]
    model = ScriptedModel([], name="m")
    assert kept.kept({"writer": [model]}, database, most_bytes=0)["writer"] == [model]
