"""Whether a sentence stands in its sources: by words, numbers and negation, without a model.

A sentence is supported by one passage, or by two sentences next to each other in it. Every number, date, amount,
code and link of the sentence must occur in the sources, weighted words must overlap, and the sources must not say
the opposite.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from triage.briefs import Evidence
from triage.guardrails.conflicts import conflict, denies
from triage.guardrails.exact import missing, names, stated
from triage.guardrails.patterns import fold
from triage.guardrails.stems import STOP_WORDS, WORD, stem, stems_of

THRESHOLD = 0.45
_QUOTED = 240  # characters shown of the nearest source
_REPEATED = 0.6  # from here on a sentence repeats its source, and should repeat its duties and conditions too


_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_FRAMING = frozenset(
    "hello hi dear thank thanks sorry welcome regards know help note kindly sure happy let see need want get make yes".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Support:
    """`score` 0 to 1 (1: all of it stands there); `passage` is the id of the best source.

    `firm` findings are of figures, dates, names, links or contradictions: no opinion outweighs them.
    """

    supported: bool
    score: float
    passage: str | None
    why: str
    firm: bool = False
    quote: str = ""
    """What of the best source comes nearest."""


@dataclass(frozen=True)
class Stretch:
    """A sentence of a source, or two next to each other: its stems, whether it denies, its text, and whether it is one sentence."""

    passage: str | None
    stems: frozenset[str]
    negated: bool
    text: str
    alone: bool = True


def supports(sentence: str, evidence: list[Evidence], extra: Iterable[str] = (), *, named: bool = True) -> Support:
    """How well the passages and the `extra` texts (customer facts, the ticket) carry one sentence; `named`: its names too."""
    words = content(sentence)
    if not words and not stated(sentence):
        return Support(True, 1.0, None, "It states nothing that could be wrong.")
    sources: list[tuple[str | None, str]] = [(piece.id, f"{piece.title}. {piece.heading}. {piece.text}") for piece in evidence]
    sources += [(None, text) for text in extra if text]
    if not sources:
        return Support(False, 0.0, None, "There is no source.", firm=True)
    score, best = _best(words, [source for passage, text in sources for source in stretches(passage, text)], sources)
    texts, near = [text for _, text in sources], best.text[:_QUOTED]
    if lacking := missing(sentence, texts) or (strange_names(sentence, texts) if named else []):
        return Support(
            False, round(min(score, 0.3), 3), best.passage, f"No source mentions {', '.join(lacking[:3])}.", True, near
        )
    if score < THRESHOLD:
        return Support(False, round(score, 3), best.passage, f"Only {score:.0%} of what it says stands in a source.", False, near)
    if why := conflict(sentence, best.text, whole=best.alone and score >= _REPEATED):
        return Support(False, round(score * 0.5, 3), best.passage, why, True, near)
    return Support(True, round(score, 3), best.passage, "Its words and numbers stand in the source.", False, near)


def strange_names(sentence: str, sources: Iterable[str]) -> list[str]:
    """The capitalised words inside a sentence that no source holds, in any case or form."""
    if not (found := names(sentence)):
        return []
    held = frozenset().union(*(stems_of(source) for source in sources))
    return [name for name in found if not {stem(part) for part in WORD.findall(fold(name))} <= held]


def _best(words: dict[str, float], around: list[Stretch], sources: list[tuple[str | None, str]]) -> tuple[float, Stretch]:
    """The stretch that carries most; what a whole passage carries beyond it counts a little."""
    total = sum(words.values()) or 1.0
    best, at = -1.0, around[0]
    for stretch in around:
        carried = sum(words[shared] for shared in words.keys() & stretch.stems)
        if carried > best:
            best, at = carried, stretch
    text = next((text for passage, text in sources if passage == at.passage), "")
    beyond = sum(words[shared] for shared in words.keys() & stems_of(text))
    return (0.7 * best + 0.3 * max(beyond, best)) / total if words else 1.0, at


def content(sentence: str) -> dict[str, float]:
    """Stems with weights: longer words say more, numbers and codes most, framing words little."""
    weights: dict[str, float] = {}
    for match in WORD.finditer(sentence):
        word = fold(match.group())
        if word in STOP_WORDS or len(word) < 2:
            continue
        weight = 0.4 if word in _FRAMING else min(1.0 + 0.12 * max(0, len(word) - 4), 2.0)
        if match.group()[0].isupper() and match.start():
            weight += 0.5
        weights[stem(word)] = max(weights.get(stem(word), 0.0), weight)
    return weights


@lru_cache(maxsize=2_048)
def stretches(passage: str | None, text: str) -> tuple[Stretch, ...]:
    """The sentences of a text, then each two that stand next to each other."""
    pieces = [piece for piece in _SENTENCE.split(text) if piece.strip()] or [text]
    stems = [stems_of(piece) for piece in pieces]
    denials = [denies(piece) for piece in pieces]
    alone = [Stretch(passage, one, denied, piece) for one, denied, piece in zip(stems, denials, pieces, strict=True)]
    pairs = [
        Stretch(passage, one.stems | two.stems, one.negated or two.negated, f"{one.text} {two.text}", alone=False)
        for one, two in pairwise(alone)
    ]
    return tuple(alone + pairs)
