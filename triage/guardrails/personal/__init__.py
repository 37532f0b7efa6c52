"""Where a text holds personal data: written, spoken and obfuscated, in seven languages.

`find` puts three finders together: `written` (form, label, checksum), `spoken` (read out or hidden from machines) and
`names` (a fitted tagger). `cover` replaces what they find by placeholders and brings it back.
"""

import unicodedata
from collections.abc import Collection, Iterable

from triage.guardrails.normalise import INVISIBLE, normalise
from triage.guardrails.personal import names, spoken, written
from triage.guardrails.personal.kinds import IDENTIFYING, IN_WORDS, MARKS, PLACEHOLDER, Span

__all__ = ["IDENTIFYING", "IN_WORDS", "MARKS", "PLACEHOLDER", "Span", "find", "formed"]

_HOLE = "\0"
_ROUNDS = 20  # what is taken out changes what stands beside the rest; more rounds than any text of people needs


def find(text: str, kinds: Collection[str] | None = None, *, named: bool = True) -> list[Span]:
    """Every piece of personal data in order, none overlapping; of the `kinds` given, or of all.

    Looked for in the text without disguises (invisible characters, full-width digits); places are those of the text
    given. Placeholders are left alone, and with what was found taken out nothing more is found. Without `named`, only what
    form or label give away: no names, and a tenth of the time.
    """
    normal = normalise(text)
    left, places = _without(normal.text, [match.span() for match in PLACEHOLDER.finditer(normal.text)], range(len(normal.text)))
    found: list[Span] = []
    for _ in range(_ROUNDS):
        new = _look(left, named)
        for start, end, kind in new:
            first, last = normal.span(places[start], places[end - 1] + 1)
            last = _whole(text, last)
            found.append(Span(first, last, kind, text[first:last]))
        if not new:
            break
        left, places = _without(left, [(start, end) for start, end, _ in new], places)
    return sorted(span for span in found if kinds is None or span.kind in kinds)


def formed(text: str) -> list[tuple[int, int]]:
    """Places in a text without disguises that form, label or way of speaking give away, without any weights."""
    return [(start, end) for start, end, _ in _by_form(text)]


def _look(text: str, named: bool) -> list[tuple[int, int, str]]:
    by_form = _by_form(text)
    if not named:
        return sorted(by_form)
    return sorted([*by_form, *names.tagger().tag(text, [(start, end) for start, end, _ in by_form])])


def _by_form(text: str) -> list[tuple[int, int, str]]:
    return _apart([*written.find(text), *spoken.find(text)], text)


def _apart(found: Iterable[tuple[int, int, str]], text: str) -> list[tuple[int, int, str]]:
    """Those that overlap none before them and hold no placeholder."""
    covered, kept = bytearray(len(text)), []
    for start, end, kind in found:
        if start < end and 1 not in covered[start:end] and _HOLE not in text[start:end]:
            covered[start:end] = b"\1" * (end - start)
            kept.append((start, end, kind))
    return kept


def _without(text: str, holes: list[tuple[int, int]], places: "range | list[int]") -> tuple[str, "range | list[int]"]:
    """The text with one sign for each hole, and where each character of it stood."""
    if not holes:
        return text, places
    kept, stood, at = [], list[int](), 0
    for start, end in holes:
        kept += [text[at:start], _HOLE]
        stood += [*places[at:start], places[start]]
        at = end
    return "".join([*kept, text[at:]]), [*stood, *places[at:]]


def _whole(text: str, end: int) -> int:
    """The end moved behind accents and invisible characters that belong to the last letter."""
    while end < len(text) and (unicodedata.combining(text[end]) or INVISIBLE.match(text[end])):
        end += 1
    return end
