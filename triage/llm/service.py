"""Posts to a model service, with retries, time-outs, and faults in the desk's own errors.

The openai client says where to and with which headers. The request itself goes out by aiohttp alone: the client and
httpx above it cost as much again as all the rest of a call.
"""

import json
import random
from asyncio import sleep
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from uuid import uuid4

import aiohttp
import httpx
import openai

from triage import jsontext
from triage.errors import ModelDown, ModelError, ModelRefused

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0  # seconds before another try, doubled each time
LONGEST_ASKED = 120.0  # seconds that a service may ask us to wait
_CONNECTIONS, _IDLE = 1000, 15.0  # at most, and seconds that one without work is kept


class Service:
    """One service and its connections, on one event loop."""

    def __init__(self, client: openai.AsyncOpenAI, session: aiohttp.ClientSession) -> None:
        self._session, self._retries = session, client.max_retries
        self._base_url = str(client.base_url).rstrip("/")
        told = {**client.auth_headers, **client.default_headers}
        self._headers = {  # what is no text is to be left out; the rest of its own would tell of this machine
            name: value for name, value in told.items() if isinstance(value, str) and not name.startswith("X-Stainless")
        }

    async def post(self, path: str, body: bytes) -> object:
        """The JSON value that the service answers to a JSON `body`.

        Raises ModelDown after the client's number of retries, ModelRefused at once for what another try would not change.
        """
        headers = {**self._headers, "Idempotency-Key": f"triage-{uuid4()}"}  # one piece of work, however often it is sent
        attempt = 0
        while True:
            try:
                async with self._session.post(self._base_url + path, data=body, headers=headers) as answer:
                    content = await answer.read()
            except (aiohttp.ClientError, OSError) as error:
                fault: ModelError = ModelDown("time-out" if _took_too_long(error) else "connection failed or dropped")
                fault.__cause__, wait = error, 0.0
            else:
                if 200 <= answer.status < 300:
                    return _value(content)
                fault, wait = _fault(answer.status, content), _asked_to_wait(answer.headers)
                if not _may_pass(answer.status, answer.headers) or wait > LONGEST_ASKED:
                    raise fault
            if attempt == self._retries:
                raise fault
            await sleep(wait or _pause(attempt))
            attempt += 1


def open_session(timeout: float, *, local: bool) -> aiohttp.ClientSession:
    """Connections from the running event loop; `timeout` in seconds for connecting and for each wait for bytes.

    To a `local` service no proxy of the environment is used: none could reach it.
    """
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS, keepalive_timeout=_IDLE, ssl=httpx.create_ssl_context())
    patience = aiohttp.ClientTimeout(total=None, connect=timeout, sock_connect=timeout, sock_read=timeout)
    return aiohttp.ClientSession(connector=connector, timeout=patience, trust_env=not local, cookie_jar=aiohttp.DummyCookieJar())


def clean(text: str) -> str:
    """Text that every database takes: no NUL, spelled out or escaped, and no lone surrogates."""
    if "\x00" in text or "\\u0000" in text:
        text = text.replace("\x00", "").replace("\\u0000", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _value(content: bytes) -> object:
    try:
        return jsontext.loads(content)
    except ValueError:  # orjson refuses lone surrogates, which some models write
        try:
            return json.loads(content)
        except ValueError as error:
            raise ModelDown("the service sent a body that is not JSON; check TRIAGE_OPENAI_BASE_URL") from error


def _may_pass(status: int, headers: Mapping[str, str]) -> bool:
    """Whether another try may end otherwise: as the service says, else by the status."""
    said = headers.get("x-should-retry")
    return said == "true" if said in ("true", "false") else _passing(status)


def _passing(status: int) -> bool:
    return status in (408, 409, 429) or status >= 500


def _fault(status: int, content: bytes) -> ModelError:
    if _passing(status):
        return ModelDown(str(status))
    if status in (401, 403):
        return ModelRefused(f"{status}: check TRIAGE_OPENAI_API_KEY")
    if status == 404:
        return ModelRefused("404: check the model's name")
    return ModelRefused(f"{status}: {clean(content.decode(errors='replace')).strip()[:200]}")


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds by Retry-After, as a number or a date (RFC 9110, section 10.2.3), or by retry-after-ms; 0 when nothing is asked."""
    for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers[name]) / unit
        except (KeyError, ValueError):
            continue
        return seconds if 0 < seconds < float("inf") else 0.0
    try:
        return max(0.0, (parsedate_to_datetime(headers["retry-after"]) - datetime.now(UTC)).total_seconds())
    except (KeyError, ValueError, TypeError):  # TypeError: a date without a zone
        return 0.0


def _pause(attempt: int) -> float:
    """Seconds before the next try, twice as long each time, up to a quarter less by chance."""
    return float(min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE) * (1 - random.random() / 4))


def _took_too_long(error: BaseException) -> bool:
    """By the first cause."""
    while error.__cause__ is not None:
        error = error.__cause__
    return isinstance(error, TimeoutError)
