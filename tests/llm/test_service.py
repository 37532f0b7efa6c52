"""How a post to a model service goes: headers, what is tried again and when, what is not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import openai
import pytest
from aiohttp import web

from triage.errors import ModelDown, ModelError, ModelRefused
from triage.llm import service as services
from triage.llm.service import Service, open_session

Answer = tuple[int, dict[str, str], bytes]
OK: Answer = (200, {}, b'{"said": "yes"}')


class Told:
    """A service that gives prepared answers and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((dict(request.headers), await request.read()))
        status, headers, body = self.answers.pop(0)
        return web.Response(status=status, headers=headers, body=body)


@asynccontextmanager
async def connected(told: Told, *, retries: int = 2) -> AsyncIterator[Service]:
    """A service client for `told`, which listens on loopback."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", told.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    client = openai.AsyncOpenAI(api_key="k", organization="us", base_url=f"http://{host}:{port}/v1", max_retries=retries)
    async with client, open_session(5.0, local=True) as session:
        yield Service(client, session)
    await runner.cleanup()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that are waited between tries; nobody waits for them here."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(services, "sleep", note)
    return waited


async def ask(service: Service) -> Any:
    return await service.post("/chat/completions", b'{"a": 1}')


async def test_the_body_goes_out_as_it_is_with_the_clients_headers() -> None:
    told = Told(OK)
    async with connected(told) as service:
        assert await ask(service) == {"said": "yes"}
    headers, body = told.asked[0]
    assert body == b'{"a": 1}' and headers["Authorization"] == "Bearer k" and headers["OpenAI-Organization"] == "us"
    assert headers["Content-Type"] == "application/json"
    assert not [name for name in headers if name.lower().startswith("x-stainless")]  # what machine this is, is nobody's business


async def test_every_try_carries_the_same_key_and_pauses_grow(waits: list[float]) -> None:
    told = Told((500, {}, b""), (429, {}, b""), OK, OK)
    async with connected(told) as service:
        await ask(service)
        await ask(service)
    keys = [headers["Idempotency-Key"] for headers, _ in told.asked]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert 0.375 <= waits[0] <= 0.5 and 0.75 <= waits[1] <= 1.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "7"}, 7.0), ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25), ({"Retry-After": "1.5"}, 1.5)],
)
async def test_the_service_says_how_long_to_wait(waits: list[float], headers: dict[str, str], seconds: float) -> None:
    async with connected(Told((429, headers, b""), OK)) as service:
        await ask(service)
    assert waits == [seconds]


async def test_it_may_say_it_as_a_date(waits: list[float]) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    async with connected(Told((503, {"Retry-After": later}, b""), OK)) as service:
        await ask(service)
    assert 30 < waits[0] <= 60


@pytest.mark.parametrize("said", ["soon", "nan", "inf", "-3", "0", "Sat, 99 Xyz 2026"])
async def test_nonsense_is_no_time_to_wait(waits: list[float], said: str) -> None:
    async with connected(Told((429, {"Retry-After": said}, b""), OK)) as service:
        await ask(service)
    assert 0.375 <= waits[0] <= 0.5


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ((429, {"Retry-After": "600"}, b""), ModelDown, "429"),
        ((500, {"x-should-retry": "false"}, b""), ModelDown, "500"),
        ((401, {}, b""), ModelRefused, "TRIAGE_OPENAI_API_KEY"),
        ((404, {}, b""), ModelRefused, "model's name"),
        ((400, {}, b'{"error": {"message": "too\\u0000 long\x00"}}'), ModelRefused, "400: .*too long"),
        ((400, {}, b"\xff" * 2_000), ModelRefused, "400"),
        ((200, {}, b"<html>"), ModelDown, "not JSON"),
        ((200, {}, b'"\xff"'), ModelDown, "not JSON"),
        ((204, {}, b""), ModelDown, "not JSON"),
    ],
)
async def test_what_another_try_would_not_change_is_told_at_once(
    waits: list[float], answer: Answer, error: type[ModelError], says: str
) -> None:
    told = Told(answer)
    async with connected(told) as service:
        with pytest.raises(error, match=says) as raised:
            await ask(service)
    assert len(told.asked) == 1 and waits == [] and len(str(raised.value)) < 300


async def test_the_service_may_ask_for_another_try(waits: list[float]) -> None:
    async with connected(Told((400, {"x-should-retry": "true"}, b""), OK)) as service:
        assert await ask(service) == {"said": "yes"}
    assert len(waits) == 1


async def test_lone_surrogates_are_read(waits: list[float]) -> None:
    async with connected(Told((200, {}, b'{"said": "\\ud800"}'))) as service:
        assert await ask(service) == {"said": "\ud800"}


async def test_tries_end(waits: list[float]) -> None:
    told = Told(*[(503, {}, b"")] * 3)
    async with connected(told) as service:
        with pytest.raises(ModelDown, match="503"):
            await ask(service)
    assert len(told.asked) == 3 and len(waits) == 2
