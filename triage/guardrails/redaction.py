"""Text without personal data, for good: what the text itself gives away, and what is known of the people it concerns."""

import re
from collections.abc import Iterable

from triage.guardrails.personal import IDENTIFYING, IN_WORDS, find, kinds

_LONG_NUMBER = re.compile(r"(?<![\w.])(?:[A-Z]{1,4}-?)?\d{5,}[A-Z0-9-]*(?!\w)|\[#\d+\]")
_SHORTEST_NAME = 3
_IN_LOGS = IDENTIFYING - {kinds.IP}  # whoever looks into an attack needs to see where it came from


def redact(text: str, *, names: Iterable[str] = (), values: Iterable[str] = ()) -> str:
    """The text with everything that points at a person replaced by what it was, long numbers and the given names and values too.

    Of a name each part of three letters or more goes, of a value (an order's number) the whole.
    """
    for value in sorted({value.strip() for value in values if value.strip()}, key=len, reverse=True):
        text = _whole(value).sub("[number]", text)
    for span in reversed(find(text, IDENTIFYING)):
        text = f"{text[: span.start]}[{IN_WORDS[span.kind]}]{text[span.end :]}"
    parts = {part for name in names for part in re.findall(r"[^\W\d_]+", name) if len(part) >= _SHORTEST_NAME}
    for part in sorted(parts, key=len, reverse=True):
        text = _whole(part).sub("[name]", text)
    text = re.sub(r"\[name\](?:[ -]\[name\])+", "[name]", text)
    return _LONG_NUMBER.sub("[number]", text)


def without_forms(text: str) -> str:
    """The text without what form or label give away, for logs and traces: quick, and blind to names."""
    for span in reversed(find(text, _IN_LOGS, named=False)):
        text = f"{text[: span.start]}[{IN_WORDS[span.kind]}]{text[span.end :]}"
    return text


def _whole(word: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w\[]){re.escape(word)}(?!\w)", re.IGNORECASE)
