"""Models of any OpenAI-compatible service: the hosted API, vLLM, Ollama, llama.cpp.

Requests go out by the client's own `post`, with its retries, timeouts and errors: the typed `create` walks every
schema and message once more and builds a tree of objects from the answer, which is half of a call's cost.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import openai
from pydantic import BaseModel, Field, ValidationError

from triage import jsontext
from triage.errors import ModelDown, ModelError, ModelRefused
from triage.llm.pricing import cost
from triage.llm.protocol import Request, Response, ToolCall, ToolSpec, Usage
from triage.llm.schema import strict_schema
from triage.settings import Settings

Address = tuple[str, str, float, int]
Lifetime = AsyncGenerator[openai.AsyncOpenAI]
_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Address, tuple[openai.AsyncOpenAI, Lifetime]]]" = WeakKeyDictionary()


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
    """One model of the service in the settings; all models of a process share one client and its connections."""

    provider = "openai"

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self._settings = name, settings
        self._address = _address(settings)
        self._patience = (settings.model_timeout + 8.0) * (settings.model_retries + 1)

    async def answer(self, request: Request) -> Response:
        """Raises ModelDown after the client's own retries, ModelRefused when asking again would not help."""
        try:
            async with asyncio.timeout(self._patience):
                answer = await (await _client(self._address)).post(
                    "/chat/completions", cast_to=object, content=jsontext.encoded(self._body(request))
                )
        except TimeoutError as error:
            raise ModelDown(f"no answer in {self._patience:.0f} s") from error
        except openai.APIError as error:
            raise _as_model_error(error) from error
        except json.JSONDecodeError as error:
            raise ModelDown("the service sent a body that is not JSON; check TRIAGE_OPENAI_BASE_URL") from error
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
            raise ModelRefused(f"the model declined: {_clean(message.refusal or 'content filter')[:200]}")
        calls = [
            ToolCall(call.id or "", _clean(call.function.name or ""), _clean(call.function.arguments or ""))
            for call in message.tool_calls or []
            if call.type == "function"
        ]
        usage = self._used(completion.usage or _Usage())
        return Response(self.name, _clean(message.content or ""), calls, usage, choice.finish_reason or "stop")

    def _used(self, said: _Usage) -> Usage:
        cached = said.prompt_tokens_details.cached_tokens if said.prompt_tokens_details else 0
        counted = Usage(said.prompt_tokens or 0, said.completion_tokens or 0, cached or 0)
        return replace(counted, cost_usd=cost(self.name, counted, self._settings.prices))


async def close() -> None:
    """Close the connections that were opened on the running event loop; the end of the loop does the same."""
    for _, lifetime in _clients.pop(asyncio.get_running_loop(), {}).values():
        await lifetime.aclose()


def service_client(settings: Settings) -> openai.AsyncOpenAI:
    """A new client for the service in the settings; the caller closes it."""
    return _connect(_address(settings))


def _address(settings: Settings) -> Address:
    key = settings.openai_api_key.get_secret_value() or "none"  # local services want none, the client wants one
    return settings.openai_base_url, key, settings.model_timeout, settings.model_retries


async def _client(address: Address) -> openai.AsyncOpenAI:
    """The client of this event loop: connections cannot move between loops."""
    mine = _clients.setdefault(asyncio.get_running_loop(), {})
    if address not in mine:
        lifetime = _open(address)
        mine[address] = (await anext(lifetime), lifetime)
    return mine[address][0]


async def _open(address: Address) -> Lifetime:
    """A client that lives as long as its event loop, which ends its suspended generators when it shuts down."""
    async with _connect(address) as client:
        yield client


def _connect(address: Address) -> openai.AsyncOpenAI:
    base_url, key, timeout, retries = address
    local = urlsplit(base_url).hostname in ("127.0.0.1", "localhost", "::1")
    # HTTP_PROXY would be honoured for loopback too, where no proxy can reach the service
    transport = openai.DefaultAioHttpClient(trust_env=not local)
    return openai.AsyncOpenAI(api_key=key, base_url=base_url or None, timeout=timeout, max_retries=retries, http_client=transport)


_formats: dict[type[BaseModel], dict[str, Any]] = {}


def _response_format(output: type[BaseModel]) -> dict[str, Any]:
    if output not in _formats:
        schema = {"name": output.__name__, "strict": True, "schema": strict_schema(output)}
        _formats[output] = {"type": "json_schema", "json_schema": schema}
    return _formats[output]


def _function(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters, "strict": True}
    return {"type": "function", "function": function}


def _as_model_error(error: openai.APIError) -> ModelError:
    if isinstance(error, openai.APIConnectionError):
        return ModelDown("time-out" if _took_too_long(error) else "connection failed or dropped")
    if isinstance(error, openai.APIStatusError):
        if error.status_code in (408, 409, 429) or error.status_code >= 500:
            return ModelDown(str(error.status_code))
        advice = {401: "check TRIAGE_OPENAI_API_KEY", 403: "check TRIAGE_OPENAI_API_KEY", 404: "check the model's name"}
        return ModelRefused(f"{error.status_code}: {advice.get(error.status_code) or _clean(error.message)[:200]}")
    return ModelDown(_clean(error.message)[:200])


def _took_too_long(error: BaseException) -> bool:
    """By the first cause: the transport reports a refused or dropped connection as a time-out as well."""
    while error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, TimeoutError)


def _clean(text: str) -> str:
    """Text that every database takes: no NUL, spelled out or escaped, and no lone surrogates."""
    if "\x00" in text or "\\u0000" in text:
        text = text.replace("\x00", "").replace("\\u0000", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
