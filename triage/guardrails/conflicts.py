"""Where a sentence and its source speak of the same and say it differently: negation, opposites, duty, conditions."""

import re
from functools import lru_cache

from triage.guardrails.patterns import fold
from triage.guardrails.stems import STOPS, stems_of

_CLAUSE = re.compile(
    r"[,;:()\n]|[.!?](?:\s|$)|\s[-–—]\s|\b(?:but|because|although|while|whereas|if|unless|when|so|aber|weil|wenn|obwohl|mais|parce|quand|"
    r"pero|porque|cuando|maar|omdat|wanneer|perche|quando|mas)\b"
)
_AND = re.compile(r"\b(?:and|or|und|oder|et|ou|y|o|en|of|e)\b")
_DOUBT = re.compile(
    r"\b(?:avoid\w*|prevent\w*|lack\w*|refus\w*|instead|rather|vermeid\w*|evit\w*|vermijd\w*|statt|anstatt)\b"
)  # denies in a way
_ENOUGH = 4  # content words after an "and" that make a clause
_FEW, _SAME = 2, 0.5  # content words of a clause that can be compared, and the share of them that the nearest clause holds

NEGATION = re.compile(
    r"\b(not|no|never|none|nothing|neither|nor|without|cannot|unable|nicht|kein\w*|nie|niemals|ohne|ne|pas|jamais|aucun\w*|sans|nunca|ningun\w*|sin|niet|geen|nooit|zonder|non|mai|nessun\w*|senza|nao|nenhum\w*|sem)\b|n't\b"
)
_OPPOSITES = tuple(
    frozenset(pair.split("/"))
    for pair in [
        "before/after",
        "increas/decreas",
        "more/less",
        "minimum/maximum",
        "least/most",
        "on/off",
        "open/close",
        "enable/disable",
        "hot/cold",
        "free/paid",
        "includ/exclud",
        "allow/forbid",
        "accept/reject",
        "always/never",
        "first/last",
        "up/down",
        "above/below",
        "possible/impossible",
        "can/cannot",
        "left/right",
        "public/private",
        "buyer/seller",
        "monthly/yearly",
        "weekly/monthly",
    ]
)
DUTY = re.compile(
    r"\b(must|have to|has to|required?|mandatory|obliged|need to|needs to|mussen|muss|erforderlich|doit|doivent|obligatoire|debe|deben|obligatorio|moet|moeten|verplicht|deve|devono|devem)\b"
)
LEAVE = re.compile(
    r"\b(may|might|can|could|optional\w*|voluntary|kann|konnen|darf|durfen|peut|peuvent|facultatif|puede|pueden|opcional|kan|kunnen|mag|puo|possono|pode|podem)\b"
)
WHOLE = re.compile(r"\b(always|every|all|guaranteed?|in any case|immer|alle|toujours|tous|siempre|todos|altijd|sempre|tutti)\b")
PART = re.compile(
    r"\b(usually|often|sometimes|mostly|most|some|may|might|typically|generally|normally|meist|meistens|oft|manchmal|souvent|parfois|a menudo|a veces|meestal|soms|spesso|a volte|as vezes)\b"
)
_CONDITION = re.compile(
    r"\b(only|unless|except|if|provided|as long as|when|once|until|nur|ausser|wenn|falls|sofern|seulement|sauf|si|uniquement|solo|salvo|excepto|alleen|tenzij|behalve|als|mits|soltanto|tranne|se|somente|exceto)\b"
)
_EXCEPTION = re.compile(
    r"\b(unless|except|only if|only when|only for|provided that|ausser|es sei denn|nur wenn|sauf|sauf si|uniquement si|salvo|excepto|a menos que|tenzij|behalve|alleen als|mits|tranne|a meno che|exceto|a nao ser que)\b"
)


@lru_cache(maxsize=8_192)
def denies(text: str) -> bool:
    return NEGATION.search(fold(text)) is not None


def conflict(sentence: str, source: str, *, whole: bool) -> str:
    """Why the source says it differently, in plain words; empty when it does not.

    `whole` says that the source is one sentence, which the sentence repeats: only then are duty, leave and conditions those of the same matter.
    """
    if _reversed(sentence, source):
        return "The source says it the other way round (negation)."
    words, stems = stems_of(sentence), stems_of(source)
    for pair in _OPPOSITES:
        here, there = pair & words, pair & stems
        if len(here) == 1 and len(there) == 1 and here != there:
            return f"The source says “{next(iter(there))}”, the sentence “{next(iter(here))}”."
    return _modality(fold(sentence), fold(source)) if whole else ""


def _reversed(sentence: str, source: str) -> bool:
    """Whether the sentence denies where nothing of the source does, or says what the source's nearest clause denies."""
    told = [(clause, stems_of(clause)) for clause in _clauses(source)]
    if not told or not (denies(sentence) or denies(source)):
        return False
    if denies(sentence) and not denies(source):
        return _DOUBT.search(fold(source)) is None
    for clause in _clauses(sentence):
        said = stems_of(NEGATION.sub(" ", clause)) - STOPS
        if len(said) < _FEW or _DOUBT.search(clause):
            continue
        shared = [len(said & stems) for _, stems in told]
        if (most := max(shared)) < _SAME * len(said):
            continue
        if all(
            denies(other) != denies(clause) and not _DOUBT.search(other)
            for (other, _), count in zip(told, shared, strict=True)
            if count == most
        ):
            return True
    return False


@lru_cache(maxsize=8_192)
def _clauses(text: str) -> tuple[str, ...]:
    """The clauses of a text, folded; what follows an "and" is one only when it says enough to have a verb of its own."""
    found: list[str] = []
    for piece in _CLAUSE.split(fold(text)):
        joined = _AND.split(piece)
        found.append(joined[0])
        for rest in joined[1:]:
            if len(stems_of(rest) - STOPS) < _ENOUGH:
                found[-1] += f" {rest}"
            else:
                found.append(rest)
    return tuple(piece for piece in found if piece.strip())


def _modality(said: str, told: str) -> str:
    duty, leave = DUTY.search(said), LEAVE.search(said)
    plain = not (NEGATION.search(said) or NEGATION.search(told))  # who need not may, and who may not must not
    if plain and duty and not leave and not DUTY.search(told) and (other := LEAVE.search(told)):
        return f"The sentence says “{duty.group()}”, the source only “{other.group()}”."
    if plain and leave and not duty and not LEAVE.search(told) and (other := DUTY.search(told)):
        return f"The sentence says “{leave.group()}”, the source “{other.group()}”."
    if (every := WHOLE.search(said)) and not WHOLE.search(told) and not PART.search(said) and (other := PART.search(told)):
        return f"The sentence says “{every.group()}”, the source only “{other.group()}”."
    if (other := _EXCEPTION.search(told)) and not _CONDITION.search(said):
        return f"The source adds a condition (“{other.group()} …”) that the sentence leaves out."
    return ""
