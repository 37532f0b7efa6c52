"""A model that says what it was told to say: for tests and demonstrations, on the real seam."""

from collections.abc import Callable, Iterable

from pydantic import BaseModel

from triage.errors import ModelError
from triage.llm.protocol import Request, Response, ToolCall, Usage

Line = Response | BaseModel | str | ModelError | Callable[[Request], "Response | BaseModel | str"]


class ScriptedModel:
    """Answers each request with the next line of its script.

    A line is a Response, a typed value or text (the answer), a ModelError (raised), or a function of the
    request that gives one of the first three. A script must be used up: see `assert_consumed`.
    """

    provider = "scripted"

    def __init__(self, script: Iterable[Line], *, name: str = "scripted", usage: Usage | None = None) -> None:
        self.name = name
        self.requests: list[Request] = []
        self._script = list(script)
        self._usage = usage or Usage(input_tokens=100, output_tokens=20)

    async def answer(self, request: Request) -> Response:
        position = len(self.requests)
        self.requests.append(request)
        if position >= len(self._script):
            raise AssertionError(f"The script of {self.name} has {len(self._script)} lines; {request.role} asked for one more.")
        line = self._script[position]
        if isinstance(line, ModelError):
            raise line
        said = line if isinstance(line, Response | BaseModel | str) else line(request)
        return said if isinstance(said, Response) else self._spoken(said)

    def assert_consumed(self) -> None:
        """Fail unless every line was asked for."""
        left = len(self._script) - len(self.requests)
        if left > 0:
            raise AssertionError(f"{left} of {len(self._script)} lines of {self.name}'s script were never asked for.")

    def _spoken(self, said: BaseModel | str) -> Response:
        text = said if isinstance(said, str) else said.model_dump_json()
        return Response(self.name, text=text, usage=self._usage)


def calls(*wishes: tuple[str, str], model: str = "scripted") -> Response:
    """A response that wishes to call tools: pairs of name and argument text."""
    return Response(
        model,
        tool_calls=[ToolCall(f"call_{n}", name, arguments) for n, (name, arguments) in enumerate(wishes)],
        usage=Usage(input_tokens=100, output_tokens=20),
        finish_reason="tool_calls",
    )
