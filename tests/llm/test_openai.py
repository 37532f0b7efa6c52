"""The real protocol over loopback: each fault ends in an answer or in a typed error."""

import asyncio

import pytest

from tests.loopback import serve
from triage.briefs import Facts, Plan, PlanBrief, Reply, Review, TicketBrief
from triage.errors import ModelDown, ModelRefused
from triage.llm.openai import OpenAIModel
from triage.llm.protocol import Request, ToolSpec
from triage.llm.schema import strict_schema
from triage.settings import Settings

BRIEF = PlanBrief(ticket=TicketBrief(ticket_id=1, subject="Wi-Fi", body="How?"), categories=[])
pytestmark = pytest.mark.usefixtures("connections")


def request(output: type = Plan, tools: list[ToolSpec] | None = None) -> Request:
    messages = [{"role": "system", "content": "Plan."}, {"role": "user", "content": "- wifi: Wi-Fi.\nSubject: Wi-Fi"}]
    return Request("manager", messages, output, BRIEF, tools or [])


def model(settings: Settings, base_url: str) -> OpenAIModel:
    return OpenAIModel("gpt-5-mini", settings.model_copy(update={"openai_base_url": base_url}))


@pytest.mark.parametrize("output", [Plan, Facts, Reply, Review])
async def test_every_answer_type_comes_back_valid_with_usage_and_price(
    settings: Settings, output: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # nothing listens there: a proxy must not be used for loopback
    with serve() as service:
        response = await model(settings, service.base_url).answer(request(output))
    output.model_validate_json(response.text)
    assert response.usage.input_tokens > 0 and response.usage.cost_usd > 0
    sent = service.requests[0]["response_format"]["json_schema"]
    assert sent == {"name": output.__name__, "strict": True, "schema": strict_schema(output)}


@pytest.mark.parametrize("fault", ["429", "500", "drop", "timeout"])
async def test_a_passing_fault_is_retried(settings: Settings, fault: str) -> None:
    with serve(script=[fault, "ok"]) as service:
        response = await model(settings, service.base_url).answer(request())
        service.assert_consumed()
    assert Plan.model_validate_json(response.text).category == "wifi"
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ("429", ModelDown, "429"),
        ("500", ModelDown, "500"),
        ("drop", ModelDown, "connection"),
        ("timeout", ModelDown, "time-out"),
        ("broken_body", ModelDown, "not JSON"),
        ("wrong_shape", ModelDown, "not a chat completion"),
        ("no_choices", ModelDown, "not a chat completion"),
        ("refusal", ModelRefused, "declined"),
        ("401", ModelRefused, "API_KEY"),
    ],
)
async def test_a_lasting_fault_is_a_typed_error(settings: Settings, fault: str, error: type[Exception], says: str) -> None:
    once = settings.model_copy(update={"model_retries": 0, "model_timeout": 0.2})
    with serve(script=[fault]) as service, pytest.raises(error, match=says):
        await model(once, service.base_url).answer(request())


async def test_nobody_there_is_model_down(settings: Settings) -> None:
    once = settings.model_copy(update={"model_retries": 0})
    with pytest.raises(ModelDown, match="connection"):
        await model(once, "http://127.0.0.1:9/v1").answer(request())


async def test_tools_travel_both_ways(settings: Settings) -> None:
    tool = ToolSpec("look", "Look it up.", {"type": "object", "properties": {}, "required": [], "additionalProperties": False})
    with serve(script=['tools:look:{"a":1}']) as service:
        response = await model(settings, service.base_url).answer(request(tools=[tool]))
    assert [(call.name, call.arguments) for call in response.tool_calls] == [("look", '{"a":1}')]
    assert service.requests[0]["tools"][0]["function"]["strict"] is True


async def test_one_client_serves_all_models_of_a_loop(settings: Settings) -> None:
    from triage.llm import openai

    with serve() as service:
        for name in ("a", "b", "a"):
            await OpenAIModel(name, settings.model_copy(update={"openai_base_url": service.base_url})).answer(request())
    assert len(openai._services[asyncio.get_running_loop()]) == 1
