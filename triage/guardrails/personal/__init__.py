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
    holes = [match.span() for match in PLACEHOLDER.finditer(normal.text)]
    found: list[tuple[int, int, str]] = []
    for _ in range(_ROUNDS):
        left, places = _without(normal.text, sorted([*holes, *((start, end) for start, end, _ in found)]))
        new = _look(left, named)
        if not new:
            break
        found = names.joined(
            normal.text, sorted([*found, *((places[start], places[end - 1] + 1, kind) for start, end, kind in new)])
        )
    return [_span(text, normal.span(start, end), kind) for start, end, kind in found if kinds is None or kind in kinds]


def _span(text: str, place: tuple[int, int], kind: str) -> Span:
    """With accents and invisible characters that belong to the last letter."""
    start, end = place
    while end < len(text) and (unicodedata.combining(text[end]) or INVISIBLE.match(text[end])):
        end += 1
    return Span(start, end, kind, text[start:end])


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


def _without(text: str, holes: list[tuple[int, int]]) -> tuple[str, range | list[int]]:
    """The text with one sign for each hole, and where each character of it stood."""
    if not holes:
        return text, range(len(text))
    kept, stood, at = [], list[int](), 0
    for start, end in holes:
        kept += [text[at:start], _HOLE]
        stood += [*range(at, start), start]
        at = end
    return "".join([*kept, text[at:]]), [*stood, *range(at, len(text))]
