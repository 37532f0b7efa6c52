"""Models of any OpenAI-compatible service: the hosted API, vLLM, Ollama, llama.cpp.

The client's typed `create` is not used: it walks every schema and message once more and builds a tree of objects
from the answer. What goes out and what comes back is made and read here, and sent by `service`.
"""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import openai
from pydantic import BaseModel, Field, ValidationError

from triage import jsontext
from triage.errors import ModelDown, ModelRefused
from triage.llm.pricing import cost
from triage.llm.protocol import Request, Response, ToolCall, ToolSpec, Usage
from triage.llm.schema import strict_schema
from triage.llm.service import Service, clean, open_session
from triage.settings import Settings

Address = tuple[str, str, float, int]
Lifetime = AsyncGenerator[Service]
_services: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Address, tuple[Service, Lifetime]]]" = WeakKeyDictionary()


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _Call(BaseModel):
    id: str | None = None
    type: str = "function"
    function: _Function = _Function()


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Cached(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None


class _Completion(BaseModel):
    """What we read of a chat.completion; services differ in the rest."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


class OpenAIModel:
    """One model of the service in the settings; all models of an event loop share one client and its connections."""

    provider = "openai"

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self._settings = name, settings
        self._address = _address(settings)
        self._patience = (settings.model_timeout + 8.0) * (settings.model_retries + 1)

    async def answer(self, request: Request) -> Response:
        """Raises ModelDown after the retries of the settings, ModelRefused when asking again would not help."""
        try:
            async with asyncio.timeout(self._patience):
                service = await _service(self._address)
                answer = await service.post("/chat/completions", jsontext.encoded(self._body(request)))
        except TimeoutError as error:
            raise ModelDown(f"no answer in {self._patience:.0f} s") from error
        return self._read(answer)

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.name,
            "messages": request.messages,
            "max_completion_tokens": request.max_output_tokens,
            "response_format": _response_format(request.output),
        }
        if request.tools:
            body["tools"] = [_function(tool) for tool in request.tools]
        return body

    def _read(self, answer: object) -> Response:
        try:
            completion = _Completion.model_validate(answer)
        except ValidationError as error:
            raise ModelDown("the service sent something that is not a chat completion; check TRIAGE_OPENAI_BASE_URL") from error
        choice, message = completion.choices[0], completion.choices[0].message
        if message.refusal or choice.finish_reason == "content_filter":
            raise ModelRefused(f"the model declined: {clean(message.refusal or 'content filter')[:200]}")
        calls = [
            ToolCall(call.id or "", clean(call.function.name or ""), clean(call.function.arguments or ""))
            for call in message.tool_calls or []
            if call.type == "function"
        ]
        usage = self._used(completion.usage or _Usage())
        return Response(self.name, clean(message.content or ""), calls, usage, choice.finish_reason or "stop")

    def _used(self, said: _Usage) -> Usage:
        cached = said.prompt_tokens_details.cached_tokens if said.prompt_tokens_details else 0
        counted = Usage(said.prompt_tokens or 0, said.completion_tokens or 0, cached or 0)
        return replace(counted, cost_usd=cost(self.name, counted, self._settings.prices))


async def close() -> None:
    """Close the connections that were opened on the running event loop; the end of the loop does the same."""
    for _, lifetime in _services.pop(asyncio.get_running_loop(), {}).values():
        await lifetime.aclose()


def service_client(settings: Settings) -> openai.AsyncOpenAI:
    """A new client for the service in the settings; the caller closes it."""
    return _client(_address(settings))


def _address(settings: Settings) -> Address:
    key = settings.openai_api_key.get_secret_value() or "none"  # local services want none, the client wants one
    return settings.openai_base_url, key, settings.model_timeout, settings.model_retries


async def _service(address: Address) -> Service:
    """The service of this event loop: connections cannot move between loops."""
    mine = _services.setdefault(asyncio.get_running_loop(), {})
    if address not in mine:
        lifetime = _open(address)
        mine[address] = (await anext(lifetime), lifetime)
    return mine[address][0]


async def _open(address: Address) -> Lifetime:
    """A service that lives as long as its event loop, which ends its suspended generators when it shuts down."""
    async with _client(address) as client, open_session(address[2], local=_local(address)) as session:
        yield Service(client, session)


def _client(address: Address) -> openai.AsyncOpenAI:
    base_url, key, timeout, retries = address
    # HTTP_PROXY would be honoured for loopback too, where no proxy can reach the service
    transport = openai.DefaultAsyncHttpxClient(trust_env=not _local(address))
    return openai.AsyncOpenAI(api_key=key, base_url=base_url or None, timeout=timeout, max_retries=retries, http_client=transport)


def _local(address: Address) -> bool:
    return urlsplit(address[0]).hostname in ("127.0.0.1", "localhost", "::1")


_formats: dict[type[BaseModel], dict[str, Any]] = {}


def _response_format(output: type[BaseModel]) -> dict[str, Any]:
    if output not in _formats:
        schema = {"name": output.__name__, "strict": True, "schema": strict_schema(output)}
        _formats[output] = {"type": "json_schema", "json_schema": schema}
    return _formats[output]


def _function(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": True}
    return {"type": "function", "function": function}
