"""Where a sentence and its source speak of the same and say it differently: negation, opposites, duty, conditions."""

import re
from collections.abc import Collection
from functools import lru_cache

from triage.guardrails.patterns import fold

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
_DUTY = re.compile(
    r"\b(must|have to|has to|required?|mandatory|obliged|need to|needs to|mussen|muss|erforderlich|doit|doivent|obligatoire|debe|deben|obligatorio|moet|moeten|verplicht|deve|devono|devem)\b"
)
_LEAVE = re.compile(
    r"\b(may|might|can|could|optional\w*|voluntary|kann|konnen|darf|durfen|peut|peuvent|facultatif|puede|pueden|opcional|kan|kunnen|mag|puo|possono|pode|podem)\b"
)
_WHOLE = re.compile(r"\b(always|every|all|guaranteed?|in any case|immer|alle|toujours|tous|siempre|todos|altijd|sempre|tutti)\b")
_PART = re.compile(
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


def conflict(sentence: str, words: Collection[str], source: str, stems: Collection[str], *, denied: bool, whole: bool) -> str:
    """Why the source says it differently, in plain words; empty when it does not.

    `words` and `stems` are the stems of sentence and source, `denied` whether the source denies; `whole` says that the source is
    one sentence, which the sentence repeats: only then is a condition that it leaves out its own.
    """
    if denies(sentence) != denied:
        return "The source says it the other way round (negation)."
    for pair in _OPPOSITES:
        here, there = pair.intersection(words), pair.intersection(stems)
        if len(here) == 1 and len(there) == 1 and here != there:
            return f"The source says “{next(iter(there))}”, the sentence “{next(iter(here))}”."
    return _modality(fold(sentence), fold(source), whole) if source else ""


def _modality(said: str, told: str, whole: bool) -> str:
    duty, leave = _DUTY.search(said), _LEAVE.search(said)
    if duty and not leave and not _DUTY.search(told) and (other := _LEAVE.search(told)):
        return f"The sentence says “{duty.group()}”, the source only “{other.group()}”."
    if leave and not duty and not _LEAVE.search(told) and (other := _DUTY.search(told)):
        return f"The sentence says “{leave.group()}”, the source “{other.group()}”."
    if (every := _WHOLE.search(said)) and not _WHOLE.search(told) and not _PART.search(said) and (other := _PART.search(told)):
        return f"The sentence says “{every.group()}”, the source only “{other.group()}”."
    if whole and (other := _EXCEPTION.search(told)) and not _CONDITION.search(said):
        return f"The source adds a condition (“{other.group()} …”) that the sentence leaves out."
    return ""
