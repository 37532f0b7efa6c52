"""A string that stands in every system prompt and nowhere else: where it turns up, a prompt has leaked."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

from triage.settings import Settings

_standing: ContextVar[str] = ContextVar("canary", default="")


def canary(settings: Settings) -> str:
    """This installation's canary, the same for as long as its signing secret: `ref-` and 16 hexadecimal digits."""
    return _standing.get() or _canary(settings.signing_secret())


@contextmanager
def standing(recorded: str) -> Iterator[None]:
    """Prompts and guards know the canary of a recorded run, which may come from another machine."""
    token = _standing.set(recorded)
    try:
        yield
    finally:
        _standing.reset(token)


@lru_cache(maxsize=8)
def _canary(secret: str) -> str:
    mac = hmac.new(secret.encode(), b"prompt canary", hashlib.sha256)
    return f"ref-{mac.hexdigest()[:16]}"


def leaks(text: str, secret: str) -> bool:
    """Whether `text` carries the canary `secret`: as it is, spaced out, in capitals, reversed, as hex or as base64."""
    if not secret:
        return False
    flat, core = _flat(text), _flat(secret.removeprefix("ref-"))
    if core in flat or core[::-1] in flat or core.encode().hex() in flat:
        return True
    return any(core in _flat(_decoded(run)) for run in re.findall(r"[A-Za-z0-9+/_-]{16,}={0,2}", text))


def _flat(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())


def _decoded(run: str) -> str:
    """What a run of base64 may say, whichever of the four offsets it starts at."""
    readings = []
    for offset in range(4):
        piece = run[offset:].rstrip("=").replace("-", "+").replace("_", "/")
        piece = piece[: len(piece) - (len(piece) % 4 == 1)]
        readings.append(base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("latin-1"))
    return " ".join(readings)
