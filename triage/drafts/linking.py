"""A sentence and its passage side by side: the stretch that carries it, the words they share, the figures of both."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from triage.guardrails.figures import Figure, figures, lacking
from triage.guardrails.grounding import content
from triage.guardrails.patterns import fold
from triage.guardrails.stems import WORD, stem, stems_of

_SENTENCE = re.compile(r"\S[^\n]*?(?:[.!?](?=\s|$)|(?=\n|$))")
_LEAST = 0.15  # of a sentence's weighted words: what carries less is not shown as carrying it


@dataclass(frozen=True)
class Piece:
    """A stretch of text with what is to be shown of it.

    `carries` and `words` are the numbers of the sentences that rest on it, and of those that share this word with it.
    `figure` names a figure, alike on both sides; `lacking` says that no source has it.
    """

    text: str
    carries: tuple[int, ...] = ()
    words: tuple[int, ...] = ()
    figure: str = ""
    lacking: bool = False


def of_passage(text: str, sentences: Sequence[tuple[int, str]]) -> list[Piece]:
    """A passage cut into pieces for the (number, text) of the sentences that rest on it."""
    carried = [(number, span) for number, said in sentences if (span := carrying(said, text))]
    weighed = {number: content(said) for number, said in sentences}
    shared = [
        (number, match.span())
        for number, (start, end) in carried
        for match in WORD.finditer(text, start, end)
        if stem(fold(match.group())) in weighed[number]
    ]
    found = figures(text)
    spans = [span for _, span in (*carried, *shared)] + [(figure.start, figure.end) for figure in found]
    return [
        Piece(
            text[start:end],
            _covering(carried, start, end),
            _covering(shared, start, end),
            next((name(figure) for figure in found if figure.start <= start and end <= figure.end), ""),
        )
        for start, end in _cuts(text, spans)
    ]


def of_sentence(text: str, sources: Sequence[str]) -> list[Piece]:
    """A sentence cut at its figures; a figure that no source has is lacking."""
    found = figures(text)
    missing = {(figure.start, figure.end) for figure in lacking(text, sources)} if sources and found else set()
    spans = [(figure.start, figure.end) for figure in found]
    named = dict(zip(spans, map(name, found), strict=True))
    return [Piece(text[a:b], figure=named.get((a, b), ""), lacking=(a, b) in missing) for a, b in _cuts(text, spans)]


def carrying(sentence: str, passage: str) -> tuple[int, int] | None:
    """The place of the sentence of a passage, or of two beside each other, that carries most; None when nothing does."""
    words = content(sentence)
    spans = [match.span() for match in _SENTENCE.finditer(passage)]
    if not words or not spans:
        return spans[0] if len(spans) == 1 else None
    stems = [stems_of(passage[start:end]) for start, end in spans]
    single = [(_weight(words, held), span) for held, span in zip(stems, spans, strict=True)]
    double = [
        (_weight(words, one | two) - 0.1, (first[0], second[1]))
        for (one, two), (first, second) in zip(pairwise(stems), pairwise(spans), strict=True)
    ]
    best, span = max([*single, *double], key=lambda found: found[0])
    return span if best >= _LEAST * sum(words.values()) else None


def name(figure: Figure) -> str:
    """What a figure is called on both sides."""
    return f"{min(figure.tokens)}"


def _weight(words: dict[str, float], held: frozenset[str]) -> float:
    return sum(weight for word, weight in words.items() if word in held)


def _covering(spans: Iterable[tuple[int, tuple[int, int]]], start: int, end: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for number, (a, b) in spans if a <= start and end <= b))


def _cuts(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    edges = sorted({0, len(text), *(edge for span in spans for edge in span)})
    return list(pairwise(edges))
