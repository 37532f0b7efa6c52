"""The first difference of two JSON values, by its path."""

from collections.abc import Iterator
from typing import Any

MISSING = "nothing"


def first_difference(recorded: Any, now: Any, path: str = "") -> tuple[str, Any, Any] | None:
    """Path and both values of the first difference, such as ("messages[1].content", "a", "b"); None when they are the same."""
    return next(differences(recorded, now, path), None)


def differences(recorded: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """All of them, in the order of the recorded value."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        for key in [*recorded, *(key for key in now if key not in recorded)]:
            yield from differences(recorded.get(key, MISSING), now.get(key, MISSING), f"{path}.{key}" if path else str(key))
    elif isinstance(recorded, list) and isinstance(now, list):
        for place in range(max(len(recorded), len(now))):
            one, other = (values[place] if place < len(values) else MISSING for values in (recorded, now))
            yield from differences(one, other, f"{path}[{place}]")
    elif type(recorded) is not type(now) or recorded != now:
        yield path, recorded, now
