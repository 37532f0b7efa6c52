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
from triage.guardrails.exact import missing, names, number_word, stated
from triage.guardrails.patterns import fold

THRESHOLD = 0.45
_QUOTED = 240  # characters shown of the nearest source
_REPEATED = 0.75  # from here on a sentence repeats its source, and should repeat its condition too


def _apart(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_STOP = _apart(
    "the a an and or but if of to in on at by for with from as is are was were be been being it its this that these those you your we our us i me my they them their he she his her there here "
    "will would can could may might shall should must do does did have has had so then than also just please when where which who what how why all any some each both about into over under out up down "
    "der die das den dem des ein eine einen einem einer und oder aber wenn von zu im in am an auf bei fur mit aus als ist sind war waren sein es dies diese dieser dieses sie ihr ihre wir unser uns ich mich mein er "
    "wird werden wurde kann konnen sollte muss hat haben auch bitte wie was wo man sich "
    "le la les un une des du de et ou mais si en dans sur par pour avec est sont etait etre ce cette ces il elle vous votre vos nous notre nos je me mon ma mes ils leur qui que quoi comment peut peuvent doit aussi "
    "el los las una unos unas y o pero del al es son era ser este esta estos su sus usted ustedes nosotros nuestro yo mi que como puede pueden debe tambien se lo "
    "het een en of maar als van te op bij voor met uit zijn was dit dat deze u uw je jouw jij wij we ons onze ik mij mijn zij hun wie wat hoe waar kan kunnen moet heeft hebben ook er "
    "il lo gli uno e ma se di da su per con tra sono era essere questo questa suo sua lei voi vostro noi nostro io mio che chi come puo possono deve anche "
    "os um uma uns e ou mas se do da dos das no na em por para com ser foi este esta seu sua voce voces nos nosso eu meu minha que quem como pode podem deve tambem"
)
_FRAMING = _apart(
    "hello hi dear thank thanks sorry welcome regards know help note kindly sure happy let see need want get make yes"
)
_SUFFIX = re.compile(r"(?:ations?|ingly|ments?|ings?|edly|ied|ies|ers?|est|ed|es|en|em|ly|s|e|n)$")


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


def supports(sentence: str, evidence: list[Evidence], extra: Iterable[str] = ()) -> Support:
    """How well the passages and the `extra` texts (customer facts, the ticket) carry one sentence."""
    words = content(sentence)
    if not words and not stated(sentence):
        return Support(True, 1.0, None, "It states nothing that could be wrong.")
    sources: list[tuple[str | None, str]] = [(piece.id, f"{piece.title}. {piece.heading}. {piece.text}") for piece in evidence]
    sources += [(None, text) for text in extra if text]
    if not sources:
        return Support(False, 0.0, None, "There is no source.", firm=True)
    score, best = _best(words, [source for passage, text in sources for source in stretches(passage, text)], sources)
    texts, near = [text for _, text in sources], best.text[:_QUOTED]
    if lacking := missing(sentence, texts) or strange_names(sentence, texts):
        return Support(
            False, round(min(score, 0.3), 3), best.passage, f"No source mentions {', '.join(lacking[:3])}.", True, near
        )
    if score < THRESHOLD:
        return Support(False, round(score, 3), best.passage, f"Only {score:.0%} of what it says stands in a source.", False, near)
    if why := conflict(sentence, words, best.text, best.stems, denied=best.negated, whole=best.alone and score >= _REPEATED):
        return Support(False, round(score * 0.5, 3), best.passage, why, True, near)
    return Support(True, round(score, 3), best.passage, "Its words and numbers stand in the source.", False, near)


def strange_names(sentence: str, sources: Iterable[str]) -> list[str]:
    """The capitalised words inside a sentence that no source holds, in any case or form."""
    if not (found := names(sentence)):
        return []
    held = frozenset().union(*(stems_of(source) for source in sources))
    return [name for name in found if not {stem(part) for part in _WORD.findall(fold(name))} <= held]


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
    for match in _WORD.finditer(sentence):
        word = fold(match.group())
        if word in _STOP or len(word) < 2:
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


@lru_cache(maxsize=8_192)
def stems_of(text: str) -> frozenset[str]:
    """The stems of all words of a text."""
    return frozenset(stems_in(text))


def stems_in(text: str) -> list[str]:
    """The stems of a text in order."""
    return [stem(word) for word in _WORD.findall(fold(text))]


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The word without common endings and doubled letters, the same for its forms in the desk's languages."""
    if number := number_word(word):
        return number
    if len(word) < 4 or any(mark.isdigit() for mark in word):
        return word
    cut = _SUFFIX.sub("", word)
    cut = cut if len(cut) >= 3 else word
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


STOPS = frozenset(stem(word) for word in _STOP)
