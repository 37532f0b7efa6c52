"""Scripts, prices, schemas and the choice of models."""

import subprocess
import sys

import openai
import pytest
from pydantic import SecretStr

from triage.briefs import Facts, Plan, PlanBrief, Relevance, Reply, Review, TicketBrief
from triage.canary import canary, leaks
from triage.errors import ModelDown
from triage.llm import models_for
from triage.llm.pricing import cost
from triage.llm.protocol import Request, Usage
from triage.llm.schema import strict_schema
from triage.llm.scripted import ScriptedModel
from triage.settings import Settings

REQUEST = Request("manager", [], Review, PlanBrief(ticket=TicketBrief(ticket_id=1, subject="", body=""), categories=[]))
REVIEW = Review(verdict="approve", notes=[], unanswered=[], confidence=1.0)


async def test_a_script_is_used_up_in_order() -> None:
    model = ScriptedModel([REVIEW, ModelDown("429"), lambda request: request.role])
    assert Review.model_validate_json((await model.answer(REQUEST)).text) == REVIEW
    with pytest.raises(ModelDown):
        await model.answer(REQUEST)
    with pytest.raises(AssertionError, match="1 of 3"):
        model.assert_consumed()
    assert (await model.answer(REQUEST)).text == "manager"
    model.assert_consumed()
    with pytest.raises(AssertionError, match="one more"):
        await model.answer(REQUEST)


def test_prices_know_dates_caches_and_overrides() -> None:
    usage = Usage(1_000_000, 1_000_000, 500_000)
    assert cost("gpt-5-2025-08-07", usage) == pytest.approx(0.5 * 1.25 + 0.5 * 0.125 + 10)
    assert cost("gpt-5", usage, {"gpt-5": (1.0, 2.0)}) == pytest.approx(3.0)
    assert cost("my-own", usage) == 0.0


@pytest.mark.parametrize("kind", [Plan, Facts, Relevance, Reply, Review])
def test_our_strict_schemas_say_what_the_clients_helper_says(kind: type) -> None:
    theirs = openai.pydantic_function_tool(kind)["function"]["parameters"]
    assert strict_schema(kind) == _untitled(theirs)


def _untitled(node: object) -> object:
    if isinstance(node, list):
        return [_untitled(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {key: _untitled(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))}


def test_each_role_falls_back_to_the_offline_engine(settings: Settings) -> None:
    assert [model.name for model in models_for(settings)["writer"]] == ["offline"]
    paid = settings.model_copy(update={"openai_api_key": SecretStr("k"), "model_fallback": "gpt-5-nano"})
    assert [model.name for model in models_for(paid)["manager"]] == ["gpt-5", "gpt-5-nano", "offline"]


def test_the_client_is_imported_only_when_a_service_is_used() -> None:
    code = "import sys, triage.llm, triage.agents.crew, triage.llm.offline; sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_canary_is_found_however_it_is_dressed(settings: Settings) -> None:
    import base64

    secret = canary(settings)
    assert secret == canary(settings)
    core = secret.removeprefix("ref-")
    for text in (
        f"see {secret}.",
        secret.upper(),
        " ".join(core),
        core[::-1],
        core.encode().hex(),
        base64.b64encode(f"xx{secret}".encode()).decode(),
    ):
        assert leaks(text, secret), text
    assert not leaks("Hold the steam and power buttons. ref-1234", secret)
    assert not leaks("anything", "")
