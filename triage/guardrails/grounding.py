"""Whether a sentence stands in its sources: by words, numbers and negation, without a model.

A sentence is supported by one passage, or by two sentences next to each other in it. Every number, date, amount,
code and link of the sentence must occur in the sources, weighted words must overlap, and the sources must not say
the opposite.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from triage.briefs import Evidence
from triage.guardrails.patterns import fold

THRESHOLD = 0.45


def _apart(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_EXACT = re.compile(r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+|(?<!\w)[^\W_]*\d[^\W_]*(?:[-–.,:/][^\W_]*\d[^\W_]*)*\s?%?")
_MEASURE = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)?)[\s-]?(?:working |business |calendar )?(seconds?|sekunden?|secondes?|segundos?|secondi|minut\w*|hours?|stunden?|heures?|horas?|uur|uren|ore|days?|tagen?|jours?|dias?|"
    r"dagen?|giorn[io]|weeks?|wochen?|semaines?|semanas?|weken|settiman[ae]|months?|monaten?|mois|mes(?:es)?|maanden?|mes[ei]|years?|jahren?|ans|anos?|jaar|anni|ghz|kg|ml|bar|litres?|liters?|volts?|watts?)\b"
)
_UNIT = re.compile(r"(\d[\d.,]*)(?:ghz|mhz|kg|g|ml|l|mm|cm|h|s|min|d|w|v|bar|c|eur|gbp|chf|usd)")
_NEGATION = re.compile(
    r"\b(not|no|never|none|nothing|neither|nor|without|cannot|unable|nicht|kein\w*|nie|niemals|ohne|ne|pas|jamais|aucun\w*|sans|nunca|ningun\w*|sin|niet|geen|nooit|zonder|non|mai|nessun\w*|senza|nao|nenhum\w*|sem)\b|n't\b"
)
_NUMBER_WORDS = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "twelve": "12",
    "fourteen": "14",
    "thirty": "30",
    "zwei": "2",
    "drei": "3",
    "vier": "4",
    "funf": "5",
    "sechs": "6",
    "zehn": "10",
    "deux": "2",
    "trois": "3",
    "quatre": "4",
    "cinq": "5",
    "dos": "2",
    "tres": "3",
    "cuatro": "4",
    "cinco": "5",
    "twee": "2",
    "drie": "3",
    "vijf": "5",
    "tre": "3",
    "quattro": "4",
    "cinque": "5",
    "dois": "2",
}
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(word for word in _NUMBER_WORDS if word != 'one')})\b")
_OPPOSITES = tuple(
    frozenset(pair.split("/"))
    for pair in _apart(
        "before/after increas/decreas more/less minimum/maximum least/most on/off open/close enable/disable hot/cold free/paid includ/exclud allow/forbid accept/reject always/never first/last up/down "
        "above/below possible/impossible can/cannot left/right public/private buyer/seller monthly/yearly weekly/monthly"
    )
)
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
    """`score` 0 to 1 (1: all of it stands there); `passage` is the id of the best source."""

    supported: bool
    score: float
    passage: str | None
    why: str


@dataclass(frozen=True)
class _Source:
    """A stretch of a source: its stems, whether it denies, and its text."""

    passage: str | None
    stems: frozenset[str]
    negated: bool


def supports(sentence: str, evidence: list[Evidence], extra: Iterable[str] = ()) -> Support:
    """How well the passages and the `extra` texts (customer facts, the ticket) carry one sentence."""
    words = _content(sentence)
    exact = _exacts(sentence)
    if not words and not exact:
        return Support(True, 1.0, None, "It states nothing that could be wrong.")
    sources: list[tuple[str | None, str]] = [(piece.id, f"{piece.title}. {piece.heading}. {piece.text}") for piece in evidence]
    sources += [(None, text) for text in extra if text]
    if not sources:
        return Support(False, 0.0, None, "There is no source.")
    everything = frozenset().union(*(_known_exacts(text) for _, text in sources))
    missing = [token for token in exact if token not in everything]
    score, best = _best(words, [source for passage, text in sources for source in _stretches(passage, text)], sources)
    if missing:
        return Support(False, round(min(score, 0.3), 3), best.passage, f"No source mentions {', '.join(missing[:3])}.")
    if score >= THRESHOLD and (conflict := _conflict(sentence, words, best)):
        return Support(False, round(score * 0.5, 3), best.passage, conflict)
    if score < THRESHOLD:
        return Support(False, round(score, 3), best.passage, f"Only {score:.0%} of what it says stands in a source.")
    return Support(True, round(score, 3), best.passage, "Its words and numbers stand in the source.")


def _best(words: dict[str, float], stretches: list[_Source], sources: list[tuple[str | None, str]]) -> tuple[float, _Source]:
    """The stretch that carries most; what a whole passage carries beyond it counts a little."""
    total = sum(words.values()) or 1.0
    best, at = -1.0, stretches[0]
    for stretch in stretches:
        carried = sum(words[shared] for shared in words.keys() & stretch.stems)
        if carried > best:
            best, at = carried, stretch
    text = next((text for passage, text in sources if passage == at.passage), "")
    around = sum(words[shared] for shared in words.keys() & _stems(text))
    return (0.7 * best + 0.3 * max(around, best)) / total if words else 1.0, at


def _conflict(sentence: str, words: dict[str, float], source: _Source) -> str:
    """Why the source says the opposite; empty when it does not."""
    denied = _NEGATION.search(fold(sentence)) is not None
    if denied != source.negated:
        return "The source says it the other way round (negation)."
    for pair in _OPPOSITES:
        here, there = pair & words.keys(), pair & source.stems
        if len(here) == 1 and len(there) == 1 and here != there:
            return f"The source says “{next(iter(there))}”, the sentence “{next(iter(here))}”."
    return ""


def _content(sentence: str) -> dict[str, float]:
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
def _stretches(passage: str | None, text: str) -> tuple[_Source, ...]:
    pieces = [piece for piece in _SENTENCE.split(text) if piece.strip()] or [text]
    stems = [_stems(piece) for piece in pieces]
    denials = [_NEGATION.search(fold(piece)) is not None for piece in pieces]
    alone = [_Source(passage, one, denied) for one, denied in zip(stems, denials, strict=True)]
    pairs = [_Source(passage, a | b, x or y) for a, b, x, y in zip(stems, stems[1:], denials, denials[1:], strict=False)]
    return tuple(alone + pairs)


@lru_cache(maxsize=8_192)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _WORD.findall(fold(text)))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """The word without common endings and doubled letters, the same for its forms in the desk's languages."""
    if word in _NUMBER_WORDS:
        return _NUMBER_WORDS[word]
    if len(word) < 4 or any(mark.isdigit() for mark in word):
        return word
    cut = _SUFFIX.sub("", word)
    cut = cut if len(cut) >= 3 else word
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


def _exacts(text: str) -> list[str]:
    """What must occur letter for letter: numbers, dates, amounts, measures, codes, links, addresses."""
    digits = _in_digits(text)
    found = []
    for match in _EXACT.finditer(digits):
        token = _bare(match.group())
        numbered = token.isdigit() and len(token) == 1 and re.match(r"[.)]\s", digits[match.end() : match.end() + 2])
        if token and not numbered:
            found.append(token)
    return found + _measures(digits)


@lru_cache(maxsize=8_192)
def _known_exacts(text: str) -> frozenset[str]:
    digits = _in_digits(text)
    known = {_bare(match.group()) for match in _EXACT.finditer(digits)}
    parts = {
        part for token in known if token.count("-") + token.count("–") == 1 for part in re.split("[-–]", token) if part.isdigit()
    }
    return frozenset(known | parts | set(_measures(digits)))


def _measures(digits: str) -> list[str]:
    """Numbers with their unit, as "5 sec": the number alone may stand in a source for something else."""
    return [f"{_bare(number)} {unit[:3]}" for number, unit in _MEASURE.findall(digits)]


def _in_digits(text: str) -> str:
    """Folded text with number words as digits ("one" is left, it is mostly an article)."""
    return _NUMBER_WORD.sub(lambda match: _NUMBER_WORDS[match.group()], fold(text))


def _bare(token: str) -> str:
    token = token.rstrip(".,;:!?)/'\" ").replace(" ", "")
    if re.fullmatch(r"\d{1,3}([.,]\d{3})+", token):
        token = re.sub(r"[.,]", "", token)
    if unit := _UNIT.fullmatch(token):
        token = unit.group(1)
    token = re.sub(r"(\d),(\d{1,2})$", r"\1.\2", token)
    return re.sub(r"\.0+$", "", token)
