"""Plain functions as tools: the schema a model sees comes from the signature, the types and the docstring."""

import inspect
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from triage.errors import ToolError
from triage.llm.protocol import ToolSpec
from triage.llm.schema import strict_schema

Effect = Literal["read", "propose"]
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tool:
    """A function an agent may call.

    `effect` is read, or propose when it notes a wish for people to decide; there is no third kind. `private`
    says that its result holds the customer's own data.
    """

    spec: ToolSpec
    effect: Effect
    private: bool
    function: Callable[..., Awaitable[Any]]
    arguments: type[BaseModel]
    connected: bool = False
    """Whether it is an operation of an API that an administrator connected."""

    @property
    def name(self) -> str:
        return self.spec.name


def tool(*, effect: Effect, private: bool = False) -> Callable[[Callable[..., Awaitable[Any]]], Tool]:
    """Make an async function a tool; its first parameter is the context, which no model ever sees.

    Each further parameter needs a type and a description, `Annotated[str, "..."]` or a line under `Args:` in
    the docstring; without one this raises TypeError, so a half-described tool fails at import.
    """
    if effect not in get_args(Effect):
        raise TypeError(f"A tool's effect is read or propose, not {effect!r}.")

    def made(function: Callable[..., Awaitable[Any]]) -> Tool:
        arguments = _arguments(function)
        spec = ToolSpec(function.__name__, _summary(function), strict_schema(arguments))
        return Tool(spec, effect, private, function, arguments)

    return made


class Toolset:
    """The tools of one agent, bound to one context. `wrap` marks results as data; `on_result` hears of each result."""

    def __init__(
        self,
        tools: Sequence[Tool] = (),
        context: object = None,
        *,
        wrap: Callable[[str], str] = str,
        on_result: Callable[[str, Any], None] | None = None,
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._context, self._wrap, self._on_result = context, wrap, on_result
        self.specs = [tool.spec for tool in tools]

    async def call(self, name: str, arguments: str) -> Any:
        """Run a tool with the text a model wrote; returns JSON values, raises ToolError with what to do instead."""
        tool = self._tools.get(name)
        if tool is None:
            raise ToolError(f"there is no tool {name[:60]!r}; choose one of {', '.join(self._tools) or 'none'}")
        try:
            given = tool.arguments.model_validate_json(arguments, strict=True)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)[:5]
            said = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'arguments'}: {fault['msg']}" for fault in faults)
            raise ToolError(f"{name} was not run, its arguments are wrong: {said}") from error
        try:
            return await tool.function(self._context, **dict(given))
        except ToolError:
            raise
        except Exception as error:  # a broken lookup must not cost the ticket its answer; the log has the bug
            log.exception("Tool %s failed", name)
            raise ToolError(f"{name} failed ({type(error).__name__}); go on without it") from error

    def notice(self, name: str, result: Any) -> None:
        """Tell who listens of a result, live or read back."""
        if self._on_result:
            self._on_result(name, result)

    def render(self, result: Any) -> str:
        """The result as a model reads it."""
        return self._wrap(json.dumps(result, ensure_ascii=False))


def _arguments(function: Callable[..., Any]) -> type[BaseModel]:
    """A closed pydantic model of the parameters after the context."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    hints, told = get_type_hints(function, include_extras=True), _told(function)
    fields: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name not in hints:
            raise TypeError(f"{function.__name__}: give the parameter {parameter.name} a type.")
        kind, description = _described(hints[parameter.name])
        description = description or told.get(parameter.name, "")
        if not description:
            raise TypeError(f"{function.__name__}: describe the parameter {parameter.name}, under Args: or with Annotated.")
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        fields[parameter.name] = (kind, Field(default, description=description))
    return create_model(function.__name__, __config__=ConfigDict(extra="forbid"), **fields)


def _described(hint: Any) -> tuple[Any, str]:
    if get_origin(hint) is Annotated:
        kind, *notes = get_args(hint)
        return kind, next((note for note in notes if isinstance(note, str)), "")
    return hint, ""


def _told(function: Callable[..., Any]) -> dict[str, str]:
    """Descriptions under `Args:` in the docstring, by parameter."""
    _, _, below = (inspect.getdoc(function) or "").partition("Args:")
    return {name: " ".join(text.split()) for name, text in re.findall(r"^\s+(\w+):\s*(.+(?:\n\s{8,}.+)*)", below, re.MULTILINE)}


def _summary(function: Callable[..., Any]) -> str:
    summary = (inspect.getdoc(function) or "").partition("Args:")[0].strip()
    if not summary:
        raise TypeError(f"{function.__name__}: a tool needs a docstring, it is what the model reads.")
    return " ".join(summary.split())
