"""Numbers, dates, amounts, measures, codes and links of a text with their places, and which of two texts are the same.

What counts as the same is told by triage.guardrails.exact: "€38.00" is "38 EUR", "30 Tage" is "30 days", and a date stands for
every day it can mean.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from triage.guardrails import exact
from triage.guardrails.exact import amounts, days, known, missing
from triage.guardrails.patterns import fold

_NUMBERED = re.compile(r"(?m)^\s*\d{1,2}[.)]\s")  # the number of a step of a list
_TRAILING = ".,;:!?)/'\" "


@dataclass(frozen=True)
class Figure:
    """text[start:end]; `tokens` are what it can mean, in one form for all languages."""

    start: int
    end: int
    text: str
    tokens: frozenset[str]
    currency: str = ""
    unit: str = ""

    def same(self, other: "Figure") -> bool:
        """Whether both name the same figure; a currency or a unit that one of them leaves out is no difference."""
        apart = (self.currency and other.currency and self.currency != other.currency) or (
            self.unit and other.unit and self.unit != other.unit
        )
        return not apart and bool(self.tokens & other.tokens)


@lru_cache(maxsize=4_096)
def figures(text: str) -> tuple[Figure, ...]:
    """The figures of a text in order, without overlap; "one" and the numbers of a list are none."""
    folded = fold(text)
    listed = [match.span() for match in _NUMBERED.finditer(text)]
    spans = [
        (start, start + len(text[start:end].rstrip(_TRAILING)))
        for pattern in exact.PLACED
        for start, end in (match.span() for match in pattern.finditer(folded))
        if not any(start >= a and end <= b for a, b in listed)
    ]
    found = (_figure(text, start, end) for start, end in _merged(span for span in spans if span[0] < span[1]))
    return tuple(figure for figure in found if figure.tokens)


def lacking(text: str, sources: Sequence[str]) -> list[Figure]:
    """The figures of a text that no source holds."""
    return [figure for figure in figures(text) if missing(figure.text, list(sources))]


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _figure(text: str, start: int, end: int) -> Figure:
    said = text[start:end]
    if readings := [day for _, possible in days(said) for day in possible]:
        dated = frozenset(f"{month}/{day}" if day else f"{month} of {year}" for year, month, day in readings)
        return Figure(start, end, said, dated)
    money, measured = amounts(said), {token for token in known(said) if " " in token}
    return Figure(
        start, end, said, known(said) - measured, next((currency for _, currency in money), ""),
        next((token.split(" ")[1] for token in measured), ""),
    )  # fmt: skip
