"""What changed between two texts: first line by line, then word by word within the lines that changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Kind = Literal["same", "out", "in"]


@dataclass(frozen=True)
class Piece:
    """A stretch of text that stayed, went out or came in."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Line:
    """A line of both texts beside each other; a side without a line is empty, `number` counts from 1."""

    before: list[Piece]
    after: list[Piece]
    before_number: int | None
    after_number: int | None

    @property
    def same(self) -> bool:
        return all(piece.kind == "same" for piece in (*self.before, *self.after))


def words(old: str, new: str) -> list[Piece]:
    """Both texts in one, in reading order."""
    before, after = _tokens(old), _tokens(new)
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
        else:
            pieces += [Piece("out", "".join(before[a:b]))] if b > a else []
            pieces += [Piece("in", "".join(after[c:d]))] if d > c else []
    return pieces


def inline(old: str, new: str) -> list[Piece]:
    """Both texts in one; lines that stayed are not compared word by word, which keeps long texts fast."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
        else:
            pieces += words("".join(before[a:b]), "".join(after[c:d]))
    return pieces


def side_by_side(old: str, new: str) -> list[Line]:
    """The lines of both texts, those that belong together on one line."""
    before, after = old.splitlines(), new.splitlines()
    return list(_lines(before, after))


def _lines(before: list[str], after: list[str]) -> Iterator[Line]:
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for n in range(max(b - a, d - c)):
            left = before[a + n] if a + n < b else None
            right = after[c + n] if c + n < d else None
            pieces = [Piece("same", left or "")] if kind == "equal" else words(left or "", right or "")
            yield Line(
                [piece for piece in pieces if piece.kind != "in"] if left is not None else [],
                [piece for piece in pieces if piece.kind != "out"] if right is not None else [],
                a + n + 1 if left is not None else None,
                c + n + 1 if right is not None else None,
            )


def _tokens(text: str) -> list[str]:
    """Words and the spaces between; a space goes with the word before it, so that they alone never match."""
    return re.findall(r"\S+[^\S\n]*|\n|[^\S\n]+", text)
