"""Figures and carrying words as marks in a text; the browser lights those that belong together (proof.js).

A text that is drawn again, at each action on its ticket, is marked once: the newest ones are kept by their content.
"""

from collections.abc import Sequence
from functools import lru_cache

from markupsafe import Markup

from pages.parts.markup import join, tag
from triage.drafts import linking
from triage.drafts.linking import Piece

_KEPT = 1_024  # texts of either kind, some 2 MB


def figures(text: str, sources: Sequence[str]) -> Markup:
    """A sentence with its numbers, dates, amounts and codes set off; one that none of the sources has is marked as such."""
    return _figures(text, tuple(sources))


def passage(text: str, sentences: Sequence[tuple[int, str]]) -> Markup:
    """A passage with what carries the (number, text) sentences."""
    return _passage(text, tuple(sentences))


@lru_cache(_KEPT)
def _figures(text: str, sources: tuple[str, ...]) -> Markup:
    return _pieces(linking.of_sentence(text, sources))


@lru_cache(_KEPT)
def _passage(text: str, sentences: tuple[tuple[int, str], ...]) -> Markup:
    return _pieces(linking.of_passage(text, sentences))


def _pieces(pieces: Sequence[Piece]) -> Markup:
    return join(*[_piece(piece) for piece in pieces])


def _piece(piece: Piece) -> Markup | str:
    inner: Markup | str = piece.text
    if piece.figure:
        said = "No source has this" if piece.lacking else None
        inner = tag("b", piece.text, cls="td-fig none" if piece.lacking else "td-fig", data_fig=piece.figure, title=said)
    if not piece.carries:
        return inner
    return tag("span", inner, cls="td-carries", data_carries=_numbers(piece.carries), data_words=_numbers(piece.words))


def _numbers(numbers: tuple[int, ...]) -> str | None:
    return " ".join(map(str, numbers)) or None
