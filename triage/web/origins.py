"""Which hosts the desk answers for, and which pages may talk to it."""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from triage.accounts.demo import is_loopback
from triage.settings import Settings

_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def host_allowed(headers: Headers, settings: Settings) -> bool:
    """Whether the request names a host of ours.

    A desk that listens on this computer only answers to its own names, so that a foreign name that was pointed at
    127.0.0.1 (DNS rebinding) reaches nothing. Elsewhere, TRIAGE_PUBLIC_URL names the host.
    """
    host = _hostname(headers.get("host", ""))
    public = urlsplit(settings.public_url).hostname or ""
    if not host:
        return False
    if is_loopback(host) or host == public:
        return True
    return not is_loopback(settings.host) and not public


def origin_allowed(headers: Headers, settings: Settings) -> bool:
    """Whether the page that sent this is one of ours. Browsers name the page's origin on every POST and websocket."""
    try:
        origin = urlsplit(headers.get("origin", ""))
        named = origin.hostname or ""
    except ValueError:
        return False
    if origin.scheme not in ("http", "https") or not named:
        return False
    public = urlsplit(settings.public_url)
    if public.netloc and (origin.scheme, origin.netloc.lower()) == (public.scheme, public.netloc.lower()):
        return True
    if public.netloc and not is_loopback(named):
        return False
    return origin.netloc.lower() == headers.get("host", "").lower()


def safe_next(target: str | None) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    fallback = "/"
    if not target or len(target) > 2000 or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return fallback
    if "\\" in target or any(ord(char) < 33 or ord(char) == 127 for char in target):
        return fallback
    try:
        parts = urlsplit(target)
    except ValueError:
        return fallback
    if parts.scheme or parts.netloc or parts.path.startswith(("/login", "/logout", "/_stcore", "/api/", "//")):
        return fallback
    return target


def _hostname(host: str) -> str:
    if not _HOST.fullmatch(host):
        return ""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
