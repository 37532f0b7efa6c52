"""Links that let the holder of one mail rate one matter: signed, and of use once.

The signature turns guesses away before the database is asked; of the secret in the link only the hash is kept.
"""

import hashlib
import secrets

from itsdangerous import BadSignature, URLSafeSerializer

from triage.settings import Settings

_SALT = "triage.rating"


def new(settings: Settings, request_id: int) -> tuple[str, str]:
    """(what stands in the link, the hash that is kept) for a request."""
    word = secrets.token_urlsafe(18)
    signed = URLSafeSerializer(settings.signing_secret(), salt=_SALT).dumps([request_id, word])
    return str(signed), digest(word)


def read(settings: Settings, signed: str) -> tuple[int, str] | None:
    """(request, hash of the secret) of a link; None when the link is not ours or was changed."""
    try:
        found = URLSafeSerializer(settings.signing_secret(), salt=_SALT).loads(signed[:500])
    except BadSignature:
        return None
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], int) or not isinstance(found[1], str):
        return None
    return found[0], digest(found[1])


def digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def address(settings: Settings) -> str:
    """The address at which customers reach the desk; empty when there is none."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    return f"http://127.0.0.1:{settings.port}" if settings.demo else ""
