"""The seam between agents and models: one request in, one response out."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


@dataclass(frozen=True)
class ToolSpec:
    """A tool as a model sees it: `parameters` is a strict JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ToolCall:
    """A model's wish to call a tool; `arguments` is the text the model wrote, not yet parsed."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Tokens of one call; `cost_usd` from the price list, 0 when the model costs nothing."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True)
class Request:
    """One model call.

    `messages` are chat messages in the openai form ({"role", "content", ...}). `output` is the type of the
    answer. `brief` is the typed value the messages were rendered from: a language model never sees it, the
    offline model reads nothing else.
    """

    role: str
    messages: list[dict[str, Any]]
    output: type[BaseModel]
    brief: BaseModel
    tools: list[ToolSpec] = field(default_factory=list)
    max_output_tokens: int = 4_000


@dataclass(frozen=True)
class Response:
    """One answer: tool calls, or the text of a JSON object that should be of the asked type."""

    model: str
    text: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    usage: Usage = Usage()
    finish_reason: str = "stop"


class Model(Protocol):
    """Anything that answers requests. Raises ModelDown or ModelRefused, nothing else."""

    name: str
    provider: str

    async def answer(self, request: Request) -> Response: ...


class Gate(Protocol):
    """Asked before each model call and told after it; raises BudgetExceeded or BreakerOpen to refuse.

    `stepped_down` counts that another model has to answer for this one. `instead` tells what a call cost that was made
    because this model's breaker is open; `first` is the call whose refusal the breaker itself has seen.
    """

    async def before(self, model: str, request: Request) -> None: ...

    async def after(self, model: str, response: Response | None, error: Exception | None) -> None: ...

    def stepped_down(self, model: str) -> None: ...

    def instead(self, model: str, cost_usd: float, *, first: bool) -> None: ...


class ToolGate(Protocol):
    """What calls of connected APIs' tools pass: triage.guardrails.gate.DeskGate, as tools see it."""

    async def ask(self, tool: str, price_usd: float, work: Callable[[], Awaitable[T]]) -> T: ...

    def paid(self, tool: str, price_usd: float) -> None: ...


class Breaking(Protocol):
    """Asks a service by way of its breaker: triage.guardrails.breakers.Breakers, as tools see it."""

    async def call(self, name: str, work: Callable[[], Awaitable[T]]) -> T: ...
