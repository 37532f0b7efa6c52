"""Numbered placeholders for personal data, and the way back: [PERSON_1] is one and the same datum wherever it stands."""

import json
import re
from collections.abc import Collection, Iterable

from triage.guardrails.personal import find
from triage.guardrails.personal.kinds import IDENTIFYING, MARKS, PERSON, PLACEHOLDER, Span

_SHORTEST = 3


class Cover:
    """Placeholders by datum, numbered in the order of first use.

    `kinds` are covered, data whose text stands in `public` is not. What was covered once is covered wherever it stands as
    a whole word, also where nothing but its text gives it away. A placeholder that the text itself holds is covered like
    a datum, so that nobody can ask for another one's.
    """

    def __init__(self, kinds: Collection[str] = IDENTIFYING, public: str = "") -> None:
        self.kinds, self.public = kinds, public
        self.spans: list[Span] = []
        self._placeholders: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._known: re.Pattern[str] | None = None

    def know(self, kind: str, values: Iterable[str]) -> None:
        """Data known from elsewhere, such as the sender's name."""
        for value in values:
            if len(value.strip()) >= _SHORTEST:
                self._placeholder(kind, value.strip())

    def cover(self, text: str) -> str:
        """The text with placeholders; `restore` gives back exactly this text."""
        found = [span for span in find(text, self.kinds) if span.text not in self.public]
        self.spans += found
        for span in found:
            self._placeholder(span.kind, span.text)
        return self._covered(text, [(span.start, span.end) for span in found])

    def cover_known(self, text: str) -> str:
        """The text with placeholders for what is known already; nothing new is looked for."""
        return self._covered(text, [])

    def _covered(self, text: str, places: list[tuple[int, int]]) -> str:
        places = [
            *places,
            *(match.span() for match in PLACEHOLDER.finditer(text)),
            *(match.span() for match in self._pattern().finditer(text)),
        ]
        covered, at = [], 0
        for start, end in sorted(places, key=lambda place: (place[0], -place[1])):
            if start >= at:
                covered += [text[at:start], self._placeholder("", text[start:end])]
                at = end
        return "".join([*covered, text[at:]])

    def restore(self, text: str) -> str:
        """The text with the data back in place; placeholders that were never given out stay."""
        return PLACEHOLDER.sub(lambda match: self._values.get(match.group(), match.group()), text)

    def restore_json(self, text: str) -> str:
        """`restore` inside a JSON text: what is put in cannot end the string it stands in."""
        return PLACEHOLDER.sub(
            lambda match: json.dumps(self._values.get(match.group(), match.group()), ensure_ascii=False)[1:-1], text
        )

    def kind_of(self, placeholder: str) -> str:
        """What a placeholder stands for; empty for one that a text itself held."""
        return self._kinds.get(placeholder, "")

    def _placeholder(self, kind: str, value: str) -> str:
        if value not in self._placeholders:
            mark = MARKS.get(kind, "TEXT")
            number = sum(given.startswith(f"[{mark}_") for given in self._placeholders.values()) + 1
            self._placeholders[value] = f"[{mark}_{number}]"
            self._values[self._placeholders[value]] = value
            self._kinds[self._placeholders[value]] = kind
            self._known = None
        return self._placeholders[value]

    def _pattern(self) -> re.Pattern[str]:
        """All known data as whole words, the longest first."""
        if self._known is None:
            known = [value for value in self._placeholders if len(value) >= _SHORTEST]
            longest_first = "|".join(map(re.escape, sorted(known, key=len, reverse=True)))
            self._known = re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)" if known else r"(?!)")
        return self._known


def redact(text: str, kinds: Collection[str] | None = None) -> tuple[str, list[Span]]:
    """The text with numbered placeholders, and what they stand for. Redacting the result again changes nothing."""
    found, parts, at = find(text, kinds), list[str](), 0
    numbers: dict[tuple[str, str], str] = {}
    used = {match.group() for match in PLACEHOLDER.finditer(text)}
    for span in found:
        mark = MARKS[span.kind]
        if (span.kind, span.text) not in numbers:
            number = 1 + sum(kind == span.kind for kind, _ in numbers)
            while f"[{mark}_{number}]" in used:
                number += 1
            used.add(f"[{mark}_{number}]")
            numbers[span.kind, span.text] = f"[{mark}_{number}]"
        parts += [text[at : span.start], numbers[span.kind, span.text]]
        at = span.end
    return "".join([*parts, text[at:]]), found


def names_of(name: str) -> list[tuple[str, str]]:
    """A full name and its parts, as kinds and values to be known."""
    parts = [part for part in re.findall(r"[^\W\d_]+", name) if len(part) >= _SHORTEST]
    return [(PERSON, value) for value in dict.fromkeys([name.strip(), *parts]) if value]
