"""Reading a request's body: limited, JSON only, and hashed for idempotency."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from triage.api.problems import Problem, field_problem, invalid

T = TypeVar("T", bound=BaseModel)
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


@dataclass(frozen=True)
class Wish:
    """An idempotency key and the hash of what was asked under it."""

    key: str
    request_hash: str


async def read_json(request: Request, model: type[T], limit: int) -> tuple[T, Wish | None]:
    """The body as `model`, and the Idempotency-Key if there is one. Raises 400, 413, 415 and 422 problems."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(
            415, f"The body is {kind or 'of no named type'}.", "Send JSON with the header `Content-Type: application/json`."
        )
    raw = await _read(request, limit)
    wish = _wish(request, raw)
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise Problem(400, "The body is not JSON.", "Send one JSON object, encoded as UTF-8.") from None
    try:
        return model.model_validate(data), wish
    except ValidationError as error:
        raise invalid([field_problem(("body", *entry["loc"]), entry["msg"]) for entry in error.errors()]) from None


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise Problem(413, f"The body is larger than {limit} bytes.", "Send less text, or leave attachments out.")
    return bytes(body)


def _wish(request: Request, raw: bytes) -> Wish | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Problem(400, "The Idempotency-Key cannot be used.", "Send 1 to 200 visible ASCII characters, such as a UUID.")
    return Wish(key, hashlib.sha256(request.url.path.encode() + b"\n" + raw).hexdigest())
