"""The fallback chain: each attempt recorded and gated, each step down named."""

from dataclasses import asdict
from typing import Any

from triage.errors import BreakerOpen, BudgetExceeded, ModelDown, ModelError, ModelRefused
from triage.llm.protocol import Gate, Model, Request, Response, ToolCall, Usage
from triage.recording import Recorder

FREE = "offline"  # the provider that neither costs nor breaks, so that no cap or breaker can leave a ticket without an answer


class Chain:
    """Models in the order they are tried, for one agent's work.

    A model that failed is not asked again by this chain. `degraded` collects one sentence for each step
    down, `answered_by` is the name of the model that spoke last.
    """

    def __init__(self, models: list[Model], gate: Gate, recorder: Recorder, degraded: list[str]) -> None:
        if not models:
            raise ValueError("A chain needs at least one model.")
        self._models = list(models)
        self.gate, self.recorder, self.degraded = gate, recorder, degraded
        self.answered_by = ""

    @property
    def name(self) -> str:
        return self._models[0].name

    @property
    def provider(self) -> str:
        return self._models[0].provider

    async def answer(self, request: Request) -> Response:
        """The first answer along the chain; raises the last model's error when none is left."""
        while True:
            model = self._models[0]
            try:
                response = await self._attempt(model, request)
            except (ModelDown, ModelRefused, BudgetExceeded, BreakerOpen) as error:
                self.step_down(error)
            else:
                self.answered_by = model.name
                return response

    def step_down(self, error: ModelError) -> None:
        """Give up on the first model because of `error`, which is raised when there is no other."""
        if len(self._models) == 1:
            raise error
        failed = self._models.pop(0)
        after = "offline engine" if self.provider == FREE else self.name
        sentence = f"{failed.name} {what_happened(error)}; {after} used"
        if sentence not in self.degraded:
            self.degraded.append(sentence)

    async def _attempt(self, model: Model, request: Request) -> Response:
        recorded = await self.recorder.step(
            "model",
            role=request.role,
            name=model.name,
            request=_request_json(model, request),
            live=lambda: self._live(model, request),
        )
        return _response(recorded)

    async def _live(self, model: Model, request: Request) -> dict[str, Any]:
        if model.provider == FREE:
            return asdict(await model.answer(request))
        await self.gate.before(model.name, request)
        try:
            response = await model.answer(request)
        except BaseException as error:  # also when cancelled: a breaker's probe must end one way or the other
            await self.gate.after(model.name, None, error if isinstance(error, Exception) else ModelDown("interrupted"))
            raise
        await self.gate.after(model.name, response, None)
        return asdict(response)


def what_happened(error: ModelError) -> str:
    """How a model failed, to go on after its name."""
    what = {
        ModelDown: "did not answer",
        ModelRefused: "refused",
        BudgetExceeded: "was not asked",
        BreakerOpen: "was not asked",
    }.get(type(error), "gave no usable answer")
    return f"{what} ({str(error).rstrip('.')})"


def _request_json(model: Model, request: Request) -> dict[str, Any]:
    return {
        "model": model.name,
        "output": request.output.__name__,
        "messages": request.messages,
        "tools": [tool.name for tool in request.tools],
    }


def _response(recorded: dict[str, Any]) -> Response:
    return Response(
        model=recorded["model"],
        text=recorded["text"],
        tool_calls=[ToolCall(**call) for call in recorded["tool_calls"]],
        usage=Usage(**recorded["usage"]),
        finish_reason=recorded["finish_reason"],
    )
