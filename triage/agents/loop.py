"""The core loop: one objective, one model, some tools, one typed answer.

Knows nothing of support. What the model gets wrong becomes data that it is told; limits end the loop with a
typed error. Three promises, each tested: every tool call is answered exactly once before the model is asked
again; arguments that are not what the tool declares never run it; the answer is of the asked type or BadAnswer.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from triage.agents.tools import Toolset
from triage.errors import BadAnswer, ToolError, TurnLimit
from triage.llm.protocol import Request, Response, ToolCall
from triage.recording import Recorder

Output = TypeVar("Output", bound=BaseModel)
Message = dict[str, Any]


class Answers(Protocol):
    """A model, or a chain of them."""

    async def answer(self, request: Request) -> Response: ...


async def run_agent(
    *,
    role: str,
    objective: str,
    prompt: str,
    brief: BaseModel,
    model: Answers,
    tools: Toolset,
    output: type[Output],
    turns: int,
    tokens: int,
    recorder: Recorder,
    check: Callable[[Output], str | None] | None = None,
) -> Output:
    """Ask until there is an answer of type `output`.

    `objective` is the system text, `prompt` the user text. `turns` bounds the model calls (one repair comes on
    top; in the last turn no tools are offered), `tokens` the input and output tokens together. `check` may say
    what is wrong with an answer of the right type. Raises TurnLimit, BadAnswer, and what the model raises.
    """
    messages: list[Message] = [{"role": "system", "content": objective}, {"role": "user", "content": prompt}]
    used, turn, repaired = 0, 0, False
    answered: set[str] = set()
    while True:
        turn += 1
        request = Request(role, list(messages), output, brief, tools.specs if turn < turns else [], max_output_tokens=8_000)
        response = await model.answer(request)
        used += response.usage.input_tokens + response.usage.output_tokens
        if response.tool_calls:
            if turn >= turns or used >= tokens:
                raise TurnLimit(f"{role} used {turn} of {turns} turns and {used} of {tokens} tokens without an answer")
            calls = _distinct(response.tool_calls, answered)
            messages.append(_wish(response.text, calls))
            messages.extend([await _answer_call(role, call, tools, recorder) for call in calls])
            continue
        value, problem = _read(response.text, output, check)
        if value is not None:
            return value
        if repaired or used >= tokens:
            raise BadAnswer(f"{role} did not answer with a valid {output.__name__}: {problem}")
        repaired = True
        messages += [{"role": "assistant", "content": response.text}, {"role": "user", "content": _repair(output, problem)}]


def _read(text: str, output: type[Output], check: Callable[[Output], str | None] | None) -> tuple[Output | None, str]:
    """The answer, or None and what is wrong with it."""
    try:
        value = output.model_validate_json(text)
    except ValidationError as error:
        return None, explain(error)
    problem = check(value) if check else None
    return (None, problem) if problem else (value, "")


def explain(error: ValidationError) -> str:
    """The first five faults in one line each, without the input."""
    faults = error.errors(include_url=False, include_input=False)[:5]
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}" for fault in faults)


def _repair(output: type[BaseModel], problem: str) -> str:
    return f"That is not a valid {output.__name__}: {problem}. Answer again with one JSON object of that type and nothing else."


def _distinct(calls: list[ToolCall], answered: set[str]) -> list[ToolCall]:
    """The calls with ids of their own: a model may repeat an id, or give none."""
    distinct = []
    for call in calls:
        name, n = call.id or "call", 1
        while name in answered:
            n += 1
            name = f"{call.id or 'call'}-{n}"
        answered.add(name)
        distinct.append(ToolCall(name, call.name, call.arguments))
    return distinct


def _wish(text: str, calls: list[ToolCall]) -> Message:
    wished = [{"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}} for call in calls]
    return {"role": "assistant", "content": text or None, "tool_calls": wished}


async def _answer_call(role: str, call: ToolCall, tools: Toolset, recorder: Recorder) -> Message:
    """Run one call, or say why it was not run; either way the model gets one answer."""

    async def live() -> dict[str, Any]:
        return {"result": await tools.call(call.name, call.arguments)}

    request = {"name": call.name, "arguments": call.arguments}
    try:
        recorded = await recorder.step("tool", role=role, name=call.name, request=request, live=live)
    except ToolError as error:
        return {"role": "tool", "tool_call_id": call.id, "content": f"Error: {error}"}
    tools.notice(call.name, recorded["result"])
    return {"role": "tool", "tool_call_id": call.id, "content": tools.render(recorded["result"])}
