"""Rules as patterns over folded text: lower case, no accents, one character for one.

A pattern is a regular expression with two shorthands: a space stands for any gap between words, and ~ for up to
40 characters within a sentence. Every quantifier is bounded, so that no text makes a rule slow. `needs` are
pieces of text of which one must occur before the pattern is tried at all; it keeps ordinary mail cheap.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class _Folding(dict[int, int]):
    """Maps a character to its lower-case base letter, worked out once."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        base = unicodedata.normalize("NFD", character)[0] if code < 0x250 or 0x1E00 <= code < 0x1F00 else character
        lower = base.lower()
        folded = ord(lower) if len(lower) == 1 else code
        self[code] = folded
        return folded


_FOLDING = _Folding(
    {ord("’"): ord("'"), ord("‘"): ord("'"), ord("`"): ord("'"), ord("´"): ord("'"), ord("“"): ord('"'), ord("”"): ord('"')}
)


def fold(text: str) -> str:
    """Lower case without accents; as long as before."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


@dataclass(frozen=True)
class Rule:
    """`weight` (0 to 1): how sure a hit makes us; `unless` excuses it close by, `within` in the hit itself."""

    name: str
    kind: str
    weight: float
    why: str
    needs: tuple[str, ...]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    within: re.Pattern[str] | None = None

    def excused(self, text: str, start: int, end: int) -> bool:
        """Whether the words of text[start:end], or those beside them in the sentence, make the hit harmless."""
        if self.within is not None and self.within.search(text, start, end):
            return True
        return self.unless is not None and self.unless.search(around(text, start, end)) is not None


@dataclass(frozen=True)
class Hit:
    rule: Rule
    start: int
    end: int


def rule(
    name: str,
    weight: float,
    why: str,
    pattern: str,
    *,
    kind: str = "injection",
    needs: str = "",
    unless: str = "",
    within: str = "",
) -> Rule:
    """A rule from its shorthand; `needs` are pieces apart by |."""
    excuses = [_compile(excuse) if excuse else None for excuse in (unless, within)]
    return Rule(name, kind, weight, why, tuple(fold(needs).split("|")) if needs else (), _compile(pattern), *excuses)


def scan(folded: str, rules: Iterable[Rule]) -> Iterator[Hit]:
    """The first hit of each rule that is not excused."""
    for one in rules:
        if one.needs and not any(map(folded.__contains__, one.needs)):
            continue
        for tried, match in enumerate(one.pattern.finditer(folded)):
            if tried == 20:
                break
            if not one.excused(folded, match.start(), match.end()):
                yield Hit(one, match.start(), match.end())
                break


def around(text: str, start: int, end: int) -> str:
    """text[start:end] with up to 60 characters of its sentence on either side: far-off words excuse nothing."""
    left, right = text[max(0, start - 60) : start], text[end : end + 60]
    cut = max(left.rfind(mark) for mark in (". ", "! ", "? ", "\n"))
    stops = [at for mark in (". ", "! ", "? ", "\n") if (at := right.find(mark)) >= 0]
    return left[cut + 1 :] + text[start:end] + (right[: min(stops)] if stops else right)


_CLASS = re.compile(r"(\[(?:\\.|[^\]\\])*\])")


def _compile(pattern: str) -> re.Pattern[str]:
    pieces = _CLASS.split(pattern)
    for at in range(0, len(pieces), 2):  # the odd ones are character classes, taken as they are
        pieces[at] = pieces[at].replace(" ", r"(?:[\s\"'*_,:;()-]{1,4})").replace("~", r"[^.!?\n]{0,40}?")
    return re.compile("".join(pieces), re.MULTILINE)
