"""Passwords: argon2id hashes, and a rule that asks for length rather than for odd characters."""

import threading
import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from triage.errors import InputError

SHORTEST, LONGEST = 12, 200

# A hash takes 64 MiB of memory; two at once keep a flood of sign-ins from taking the machine's.
_slots = threading.BoundedSemaphore(2)
_hasher = PasswordHasher()


def check_rule(password: str, *, email: str = "", name: str = "") -> None:
    """Raises InputError that says how to choose a password when this one is too easy to guess."""
    if len(password) < SHORTEST:
        raise InputError(f"Choose a password of at least {SHORTEST} characters; three or four unrelated words are good.")
    if len(password) > LONGEST:
        raise InputError(f"Choose a password of at most {LONGEST} characters.")
    plain = _normal(password).casefold()
    if len(set(plain)) < 5:
        raise InputError("Choose a password with more different characters; three or four unrelated words are good.")
    parts = {email.casefold(), email.casefold().partition("@")[0], name.casefold(), "password", "triage desk"}
    if any(part and not plain.replace(part, "").strip("0123456789!.-_ ") for part in parts):
        raise InputError("Choose a password that is not your name, your address or the word password.")


def hashed(password: str) -> str:
    """The argon2id hash to keep; takes some 50 ms and 64 MiB."""
    with _slots:
        return _hasher.hash(_normal(password))


def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password is the one hashed. Takes as long for no hash, so that nobody learns which accounts exist."""
    if len(password) > LONGEST:
        return False
    with _slots:
        try:
            return _hasher.verify(password_hash or _decoy(), _normal(password)) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _decoy() -> str:
    return _hasher.hash("nobody signs in with this")


def _normal(password: str) -> str:
    """One form for what keyboards write in several (NFKC)."""
    return unicodedata.normalize("NFKC", password)
