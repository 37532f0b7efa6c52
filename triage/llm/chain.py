"""The fallback chain: each attempt recorded and gated, each step down named."""

from dataclasses import asdict
from typing import Any

from triage import tracing
from triage.errors import BreakerOpen, BudgetExceeded, ModelDown, ModelError, ModelRefused
from triage.llm import degradation
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
        self._live_now = False  # whether the last attempt went live, or was read back
        self._spared: dict[str, int] = {}  # models whose breaker is open, and how often another one answered for them

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
                self._count_instead(response)
                return response

    def step_down(self, error: ModelError) -> None:
        """Give up on the first model because of `error`, which is raised when there is no other."""
        if len(self._models) == 1:
            raise error
        failed = self._models.pop(0)
        sentence = degradation.to_model(f"{failed.name} {what_happened(error)}", self.name, offline=self.provider == FREE)
        if sentence not in self.degraded:
            self.degraded.append(sentence)
        if self._live_now:
            self.gate.stepped_down(failed.name)
            if isinstance(error, BreakerOpen):
                self._spared[failed.name] = 0

    def _count_instead(self, response: Response) -> None:
        """Tell the gate what the answer cost that an open breaker's model was spared."""
        for model in self._spared:
            self._spared[model] += 1
            if self._live_now:
                self.gate.instead(model, response.usage.cost_usd, first=self._spared[model] == 1)

    async def _attempt(self, model: Model, request: Request) -> Response:
        self._live_now = False
        recorded = await self.recorder.step(
            "model",
            role=request.role,
            name=model.name,
            request=_request_json(model, request),
            live=lambda: self._live(model, request),
        )
        return _response(recorded)

    async def _live(self, model: Model, request: Request) -> dict[str, Any]:
        self._live_now = True
        tracing.note(PROVIDER=model.provider)
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
