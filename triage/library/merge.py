"""Two people's changes of one text, put together word by word (a three-way merge)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

YOURS, THEIRS, ENDS = "<<<<<<< yours\n", "\n=======\n", "\n>>>>>>> theirs\n"
_Matches = list[tuple[int, int, int]]


@dataclass(frozen=True)
class Merged:
    """The text, and how many places hold both versions between the marks because both people changed them."""

    text: str
    conflicts: int


def merge(base: str, mine: str, theirs: str) -> Merged:
    """All changes of both; where both changed the same words, both texts between marks."""
    parts: list[str] = []
    conflicts = 0
    for old, left, right in _regions(_tokens(base), _tokens(mine), _tokens(theirs)):
        if left == right or right == old:
            parts.append(left)
        elif left == old:
            parts.append(right)
        else:
            conflicts += 1
            parts.append(f"\n{YOURS}{left.strip()}{THEIRS}{right.strip()}{ENDS}")
    return Merged("".join(parts), conflicts)


def _regions(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[tuple[str, str, str]]:
    """The three texts cut at the same places: stretches that all have, and what lies between them."""
    at = (0, 0, 0)
    for start, left, right, size in _common(base, mine, theirs):
        if (start, left, right) != at:
            yield "".join(base[at[0] : start]), "".join(mine[at[1] : left]), "".join(theirs[at[2] : right])
        same = "".join(base[start : start + size])
        yield same, same, same
        at = (start + size, left + size, right + size)


def _common(base: list[str], mine: list[str], theirs: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of the base that both texts kept, with their place in each of the three; the last is empty, at the ends."""
    left, right = _matches(base, mine), _matches(base, theirs)
    i = j = 0
    while i < len(left) and j < len(right):
        start = max(left[i][0], right[j][0])
        end = min(left[i][0] + left[i][2], right[j][0] + right[j][2])
        if start < end:
            yield start, left[i][1] + start - left[i][0], right[j][1] + start - right[j][0], end - start
        if left[i][0] + left[i][2] < right[j][0] + right[j][2]:
            i += 1
        else:
            j += 1
    yield len(base), len(mine), len(theirs), 0


def _matches(base: list[str], other: list[str]) -> _Matches:
    return [(m.a, m.b, m.size) for m in SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()[:-1]]


def _tokens(text: str) -> list[str]:
    """Words, each with the space behind it: joined they are the text."""
    return re.findall(r"\S+\s*|\s+", text)
