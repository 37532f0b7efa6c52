"""The core loop's promises: calls answered exactly once, broken JSON runs nothing, one repair, typed limits."""

import json
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from triage.agents.loop import run_agent
from triage.agents.tools import Toolset, tool
from triage.database import Database
from triage.errors import BadAnswer, ToolError, TurnLimit
from triage.llm.chain import Chain
from triage.llm.protocol import Request, Response, ToolCall, Usage
from triage.llm.scripted import ScriptedModel, calls
from triage.recording import Recorder


class Question(BaseModel):
    text: str = ""


class Answer(BaseModel):
    number: int


@tool(effect="read")
async def double(context: list[int], number: Annotated[int, "The number to double."]) -> int:
    """Double a number."""
    context.append(number)
    return 2 * number


@tool(effect="read")
async def fail(context: list[int], how: Annotated[str, "politely or badly"]) -> int:
    """Always fails."""
    if how == "politely":
        raise ToolError("the shop is closed")
    raise KeyError("a bug")


class NoRecorder:
    run_id = "none"

    async def step(self, kind: str, *, live: Any, **_: Any) -> Any:
        return await live()


async def run(model: Any, ran: list[int], *, recorder: Any = None, **given: Any) -> Answer:
    return await run_agent(
        role="tester",
        objective="o",
        prompt="p",
        brief=Question(),
        model=model,
        tools=Toolset([double, fail], ran),
        output=Answer,
        recorder=recorder or NoRecorder(),
        **{"turns": 6, "tokens": 10_000, **given},
    )


def assert_every_call_answered_once(requests: list[Request]) -> None:
    for request in requests:
        waiting: list[str] = []
        for message in request.messages:
            if message["role"] == "tool":
                assert message["tool_call_id"] == waiting.pop(0)
            else:
                assert not waiting, "the model was asked before its calls were answered"
                waiting = [call["id"] for call in message.get("tool_calls", [])]
        assert not waiting
        ids = [call["id"] for message in request.messages for call in message.get("tool_calls", [])]
        assert len(ids) == len(set(ids))


async def test_tools_run_and_the_answer_is_typed() -> None:
    ran: list[int] = []
    model = ScriptedModel([calls(("double", '{"number": 4}'), ("double", '{"number": 5}')), Answer(number=18)])
    assert await run(model, ran) == Answer(number=18)
    model.assert_consumed()
    assert ran == [4, 5]
    assert [message["content"] for message in model.requests[1].messages if message["role"] == "tool"] == ["8", "10"]
    assert_every_call_answered_once(model.requests)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (("double", '{"number": '), "not run"),
        (("double", '{"number": "4"}'), "number"),
        (("double", '{"number": 4, "more": 1}'), "more"),
        (("double", ""), "not run"),
        (("send_mail", "{}"), "no tool"),
        (("fail", '{"how": "politely"}'), "shop is closed"),
        (("fail", '{"how": "badly"}'), "KeyError"),
    ],
)
async def test_a_wrong_call_is_told_to_the_model(call: tuple[str, str], says: str) -> None:
    ran: list[int] = []
    model = ScriptedModel([calls(call), Answer(number=0)])
    await run(model, ran)
    assert ran == []
    assert says in model.requests[1].messages[-1]["content"]
    assert_every_call_answered_once(model.requests)


broken = st.one_of(
    st.text(max_size=20),
    st.sampled_from(['{"number": ', "{'number': 1}", '{"number": 1}}', "[1]", "null", '{"number": true}', '{"number":1,"x":2}']),
)
valid = st.integers(-1000, 1000).map(lambda number: json.dumps({"number": number}))
wish = st.tuples(st.sampled_from(["double", "double", "missing", ""]), st.one_of(valid, broken), st.sampled_from(["", "a", "b"]))
script = st.lists(st.lists(wish, min_size=1, max_size=4), max_size=5)


@given(script)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_call_is_answered_once_and_only_valid_arguments_run(turns: list[list[tuple[str, str, str]]]) -> None:
    ran: list[int] = []
    lines = [Response("s", tool_calls=[ToolCall(id, name, arguments) for name, arguments, id in turn]) for turn in turns]
    model = ScriptedModel([*lines, Answer(number=1)])
    await run(model, ran, turns=len(turns) + 1)
    assert_every_call_answered_once(model.requests)
    expected = [
        json.loads(arguments)["number"]
        for turn in turns
        for name, arguments, _ in turn
        if name == "double" and _is_valid(arguments)
    ]
    assert ran == expected


def _is_valid(arguments: str) -> bool:
    try:
        given = json.loads(arguments)
    except ValueError:
        return False
    return isinstance(given, dict) and given.keys() == {"number"} and type(given["number"]) is int


async def test_one_repair_then_bad_answer() -> None:
    model = ScriptedModel(["no json", Answer(number=3)])
    assert await run(model, []) == Answer(number=3)
    assert "not a valid Answer" in model.requests[1].messages[-1]["content"]
    stubborn = ScriptedModel(["no json", '{"number": "many"}'])
    with pytest.raises(BadAnswer, match="number"):
        await run(stubborn, [])
    stubborn.assert_consumed()


async def test_a_check_may_send_an_answer_back() -> None:
    model = ScriptedModel([Answer(number=3), Answer(number=4)])
    assert await run(model, [], check=lambda answer: "must be even" if answer.number % 2 else None) == Answer(number=4)
    assert "must be even" in model.requests[1].messages[-1]["content"]


async def test_turns_and_tokens_are_limits() -> None:
    endless = ScriptedModel([calls(("double", '{"number": 1}'))] * 3)
    ran: list[int] = []
    with pytest.raises(TurnLimit):
        await run(endless, ran, turns=3)
    endless.assert_consumed()
    assert len(ran) == 2 and endless.requests[-1].tools == []
    thirsty = ScriptedModel([Response("s", tool_calls=[ToolCall("1", "double", '{"number": 1}')], usage=Usage(900, 200))])
    with pytest.raises(TurnLimit):
        await run(thirsty, ran, tokens=1_000)
    assert len(ran) == 2


async def test_a_recorded_run_is_read_back_without_model_or_tool(database: Database, gate: Any) -> None:
    lines = [calls(("double", '{"number": 4}'), ("fail", '{"how": "politely"}')), Answer(number=8)]
    ran: list[int] = []
    recorder = Recorder(database, "run")
    first = await run(Chain([ScriptedModel(lines)], gate, recorder, []), ran, recorder=recorder)
    again = await Recorder.resume(database, "run")
    silent = ScriptedModel([])
    assert await run(Chain([silent], gate, again, []), ran, recorder=again) == first
    assert ran == [4] and not silent.requests
