"""Which languages a person reads; kept among their preferences, English when they say nothing."""

from typing import Any

from triage.models import User

PREFERENCE = "languages"
USUAL = ("en",)


def languages(user: User) -> tuple[str, ...]:
    """ISO 639-1 codes."""
    told: Any = user.preferences.get(PREFERENCE)
    return tuple(str(code) for code in told) if isinstance(told, list) and told else USUAL


def reads(user: User, language: str) -> bool:
    """Whether the person reads a language; one that is not known is taken for one they read."""
    return language[:2].lower() in ("", "un", *languages(user))
