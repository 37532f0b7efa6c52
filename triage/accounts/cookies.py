"""Signed values that a browser carries: the session cookie and the form token of a visitor."""

import hmac
import secrets

from itsdangerous import BadSignature, Signer, URLSafeTimedSerializer

from triage.settings import Settings

SESSION_COOKIE = "triage_session"
VISITOR_COOKIE = "triage_visitor"
LIFETIME_SECONDS = 7 * 24 * 3600


def sign_session(session_id: str, settings: Settings) -> str:
    """The cookie value that stands for a session."""
    value = _serializer(settings).dumps(session_id)
    return value.decode() if isinstance(value, bytes) else value


def read_session(value: str, settings: Settings) -> str | None:
    """The session's id; None when the value is not ours, was changed or is too old."""
    try:
        session_id = _serializer(settings).loads(value, max_age=LIFETIME_SECONDS)
    except BadSignature:
        return None
    return session_id if isinstance(session_id, str) else None


def new_visitor() -> str:
    """A random value that ties a form to the browser it was shown in, before anybody signed in."""
    return secrets.token_urlsafe(24)


def visitor_token(visitor: str, settings: Settings) -> str:
    """The form token that belongs to a visitor cookie."""
    return Signer(settings.signing_secret(), salt="triage.form").get_signature(visitor).decode()


def same(left: str, right: str) -> bool:
    """Compare two tokens in constant time; empty ones never match."""
    return bool(left) and hmac.compare_digest(left.encode(), right.encode())


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.signing_secret(), salt="triage.session")
