"""What a model service gets when personal data is covered, and what becomes of its answers."""

import asyncio
import json
from typing import Any

from pydantic import BaseModel
from sqlmodel import select

from tests.desks import person
from tests.test_flow import come_in, seen
from triage import workspace
from triage.agents.spotlight import fence, fenced_parts, marker_for
from triage.desk import triage
from triage.guardrails.personal.covered import Covered, Known
from triage.llm.offline import OfflineModel
from triage.llm.protocol import Request, Response
from triage.llm.scripted import ScriptedModel, calls
from triage.models import Role, RunStep
from triage.office import Desk

MARKER = marker_for("run")
SAID = "Hello, I am Priya Raman. Call me on +31 20 555 0134 or mail p.raman@post.example."
KNOWN = Known(SAID, "Priya Raman", "priya@customer.example")


class Answer(BaseModel):
    text: str


def ask(model: ScriptedModel, *messages: dict[str, Any]) -> tuple[Response, list[dict[str, Any]]]:
    request = Request("writer", [{"role": "system", "content": "Be kind."}, *messages], Answer, Answer(text=""))
    response = asyncio.run(Covered(model, KNOWN, fenced_parts).answer(request))
    return response, model.requests[-1].messages


def user(*parts: str) -> dict[str, Any]:
    return {"role": "user", "content": "\n".join(parts)}


def test_the_model_sees_placeholders_and_people_see_the_data() -> None:
    model = ScriptedModel([Answer(text="Dear [PERSON_2], we call [PHONE_1]; [PERSON_77] is unknown")])
    response, sent = ask(model, user("Write to Priya Raman:", fence(MARKER, "MESSAGE", SAID)))
    assert "Priya" not in sent[1]["content"] and "555" not in sent[1]["content"] and "@" not in sent[1]["content"]
    assert MARKER in sent[1]["content"] and sent[1]["content"].startswith("Write to [PERSON_1]:")
    assert sent[0]["content"].startswith("Be kind.") and "[PERSON_1]" in sent[0]["content"]
    assert json.loads(response.text)["text"] == "Dear Priya, we call +31 20 555 0134; [PERSON_77] is unknown"


def test_passages_stay_as_they_are_and_what_they_say_is_not_personal() -> None:
    passage = "Call our help line +31 20 555 0100, ask for Lena Schmidt."
    said = "I called +31 20 555 0100 from +31 20 555 0134."
    _, sent = ask(ScriptedModel([Answer(text="")]), user(fence(MARKER, "PASSAGES", passage), fence(MARKER, "MESSAGE", said)))
    assert passage in sent[1]["content"] and "I called +31 20 555 0100 from [PHONE_1]." in sent[1]["content"]


def test_tool_calls_get_the_data_back_and_their_results_are_covered_alike() -> None:
    wish = calls(("search", '{"query": "orders of [EMAIL_2]"}'))
    response, _ = ask(ScriptedModel([wish]), user(fence(MARKER, "MESSAGE", SAID)))
    assert json.loads(response.tool_calls[0].arguments) == {"query": "orders of p.raman@post.example"}
    called = {"role": "assistant", "content": None, "tool_calls": [
        {"id": "1", "type": "function", "function": {"name": "search", "arguments": response.tool_calls[0].arguments}}
    ]}  # fmt: skip
    result = {
        "role": "tool",
        "tool_call_id": "1",
        "content": fence(MARKER, "RESULT", "p.raman@post.example ordered, paid with 4111 1111 1111 1111"),
    }
    _, sent = ask(ScriptedModel([Answer(text="")]), user(fence(MARKER, "MESSAGE", SAID)), called, result)
    assert sent[2]["tool_calls"][0]["function"]["arguments"] == '{"query": "orders of [EMAIL_2]"}'
    assert "[EMAIL_2] ordered, paid with [CARD_1]" in sent[3]["content"]


def test_the_same_request_is_covered_the_same_whatever_was_asked_before() -> None:
    once, model = ScriptedModel([Answer(text="")]), ScriptedModel([Answer(text=""), Answer(text="")])
    other, last = (
        user(fence(MARKER, "MESSAGE", "I am Otto Weber, +49 30 901820")),
        user(fence(MARKER, "MESSAGE", SAID), "Anna Koch"),
    )
    covered = Covered(model, KNOWN, fenced_parts)
    for message in (other, last):
        asyncio.run(covered.answer(Request("writer", [message], Answer, Answer(text=""))))
    asyncio.run(Covered(once, KNOWN, fenced_parts).answer(Request("writer", [last], Answer, Answer(text=""))))
    assert model.requests[1].messages == once.requests[0].messages


class Service:
    """The offline engine as a service would be: it writes placeholders where it would have written what it never saw."""

    name, provider = "service", "scripted"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self._offline = OfflineModel()

    async def answer(self, request: Request) -> Response:
        self.sent.append(json.dumps(request.messages))
        answer = await self._offline.answer(request)
        return Response(self.name, answer.text.replace("Priya", "[PERSON_1]"), answer.tool_calls)


def test_a_run_with_the_switch_on(desk: Desk) -> None:
    service = Service()
    desk.models = {role: [service] for role in desk.models}
    with desk.database.transaction() as session:
        workspace.put(session, "cover_personal_data", True, user_id=person(session, Role.ADMIN).id or 0)
    body = "How often should I descale my machine? Call me on +31 20 555 0134.\n\nThanks,\nPriya"
    ticket_id, run_id = come_in(desk, body)
    asyncio.run(triage(desk, run_id))
    sent = " ".join(service.sent)
    assert "[PERSON_1]" in sent and not any(datum in sent for datum in ("Priya", "555 0134", "priya@customer.example"))
    _, draft = seen(desk.database, ticket_id)
    assert draft is not None and "Priya" in draft.body and "[PERSON" not in draft.body
    with desk.database.read() as session:
        steps = session.exec(select(RunStep).where(RunStep.run_id == run_id, RunStep.kind == "model")).all()
    recorded = json.dumps([[step.request, step.response] for step in steps])
    assert "Priya" in recorded and "[PERSON_" not in recorded


def test_it_is_off_until_an_administrator_turns_it_on(desk: Desk) -> None:
    service = Service()
    desk.models = {role: [service] for role in desk.models}
    _, run_id = come_in(desk, "How often should I descale my machine?\n\nThanks,\nPriya")
    asyncio.run(triage(desk, run_id))
    assert "Priya" in " ".join(service.sent)
