"""Who a request or a page belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Scope

from triage.accounts.cookies import SESSION_COOKIE
from triage.models import Role

USER_HEADER = b"x-triage-user"


@dataclass(frozen=True)
class Identity:
    """The person of a verified session, as plain values."""

    session_id: str
    csrf: str
    user_id: int
    name: str
    email: str
    role: Role
    demo: bool


def current_session_id(cookies: Mapping[str, str]) -> str:
    """The signed session value among a browser's cookies, for `triage.accounts.sessions.load`; empty when there is none."""
    return cookies.get(SESSION_COOKIE, "")


def of(scope: Scope) -> Identity | None:
    """Who the gate found behind this request; None for a visitor."""
    found = scope.get("triage.identity")
    return found if isinstance(found, Identity) else None
