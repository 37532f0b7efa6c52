"""Keys of the API: shown once, kept as a hash, found again by their first characters."""

import hashlib
import secrets

from sqlmodel import Session, col, select

from triage import audit
from triage.errors import InputError
from triage.models import ApiKey, now

MARK = "tdk"
TICKETS, METRICS = "tickets", "metrics"
PURPOSES = {TICKETS: "the API of tickets", METRICS: "figures of the machine at /metrics"}


def create(
    session: Session, name: str, *, actor: str, user_id: int | None = None, purpose: str = TICKETS
) -> tuple[ApiKey, str]:  # fmt: skip
    """A new key and its only showing; raises InputError when it has no name, or a purpose that there is not."""
    if purpose not in PURPOSES:
        raise InputError(f"A key is for {' or '.join(PURPOSES)}, not for {purpose}.")
    name = " ".join(name.split())[:120]
    if not name:
        raise InputError("Give the key a name that says what uses it, such as contact-form.")
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    plain = f"{MARK}_{prefix}_{secret}"
    key = ApiKey(name=name, prefix=prefix, key_hash=_digest(plain), purpose=purpose, created_by=user_id)
    session.add(key)
    session.flush()
    audit.append(session, "key_created", actor=actor, key_id=key.id, name=name, purpose=purpose)
    return key, plain


def find(session: Session, plain: str, *, purpose: str = TICKETS) -> ApiKey | None:
    """The live key with this text that was made for this purpose, or None."""
    if not plain.startswith(f"{MARK}_") or len(plain) > 200:
        return None
    meant = (ApiKey.key_hash == _digest(plain), ApiKey.purpose == purpose, col(ApiKey.revoked_at).is_(None))
    return session.exec(select(ApiKey).where(*meant)).first()


def revoke(session: Session, prefix: str, *, actor: str) -> ApiKey:
    """End a key at once; raises InputError when no key begins so. Ending it twice changes nothing."""
    wanted = prefix.strip().removeprefix(f"{MARK}_").split("_")[0]
    key = session.exec(select(ApiKey).where(ApiKey.prefix == wanted)).first()
    if not key:
        raise InputError(f"There is no key {prefix.strip()[:40]}; `triage key list` shows the keys.")
    if not key.revoked_at:
        key.revoked_at = now()
        session.add(key)
        audit.append(session, "key_revoked", actor=actor, key_id=key.id, name=key.name)
    return key


def listing(session: Session) -> list[ApiKey]:
    """Every key, the newest first."""
    return list(session.exec(select(ApiKey).order_by(col(ApiKey.id).desc())))


def _digest(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()
