"""The access right of a connected API: encrypted at rest, put on a request at the last moment, never shown again."""

import base64
import hashlib
import json
from urllib.parse import quote, quote_plus

from cryptography.fernet import Fernet, InvalidToken

from triage.errors import ToolError
from triage.settings import Settings

KINDS = ("none", "header", "bearer", "basic")
HIDDEN = "[access right]"


def encrypt(settings: Settings, secret: str) -> str:
    """The secret under a key derived from the desk's own; "" stays ""."""
    return _box(settings).encrypt(secret.encode()).decode() if secret else ""


def decrypt(settings: Settings, kept: str) -> str:
    """Raises ToolError when the desk's own secret is another one now."""
    if not kept:
        return ""
    try:
        return _box(settings).decrypt(kept.encode()).decode()
    except InvalidToken as error:
        raise ToolError(
            "the access right cannot be read, because the desk's secret changed; an administrator has to enter it anew"
        ) from error


def headers(auth: str, name: str, secret: str) -> dict[str, str]:
    """The header that carries the access right."""
    if auth == "bearer":
        return {"Authorization": f"Bearer {secret}"}
    if auth == "basic":
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}
    return {name: secret} if auth == "header" else {}


def scrub(text: str, secret: str, name: str = "") -> str:
    """The text without the secret, should a server send it back: as it is, inside JSON, in an address, in a header (with `name`)."""
    if not secret:
        return text
    coded = [base64.b64encode(said.encode()).decode() for said in (f"{name}:{secret}", secret)]
    written = json.dumps(secret)[1:-1]
    forms = [*coded, secret, written, written.replace("/", "\\/"), quote(secret, safe=""), quote_plus(secret)]
    for form in sorted(dict.fromkeys(forms), key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def _box(settings: Settings) -> Fernet:
    key = hashlib.sha256(b"triage-desk connections\0" + settings.signing_secret().encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
