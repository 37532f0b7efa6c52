"""Texts without the persons in them: what is left may stand in an article or beside a stranger's question."""

import re
from collections.abc import Iterable

from triage.guardrails import pii
from triage.llm.offline.text import ORDER_NUMBER

_SERIAL = re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])[A-Z0-9]{8,}\b|\b\d{7,}\b")
_MARK = "…"


def without(text: str, private: Iterable[str] = ()) -> str:
    """The text with addresses, phones, cards, accounts, order and serial numbers and the `private` words as "…"."""
    for datum in sorted(pii.find(text), key=lambda datum: -datum.start):
        text = text[: datum.start] + _MARK + text[datum.end :]
    for pattern in (ORDER_NUMBER, _SERIAL, *_names(private)):
        text = pattern.sub(_MARK, text)
    return " ".join(text.split())


def is_personal(sentence: str, private: Iterable[str] = ()) -> bool:
    """Whether a sentence speaks of one customer: something would have to be taken out of it."""
    return without(sentence, private) != " ".join(sentence.split())


def _names(private: Iterable[str]) -> list[re.Pattern[str]]:
    """Whole names and their parts of three letters and more; an address counts as a whole."""
    words = {
        part for name in private for part in [name, *(re.split(r"[\s,]+", name) if "@" not in name else [])] if len(part) > 2
    }
    return [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in sorted(words, key=len, reverse=True)]
