"""Two texts that should say the same in two languages: amounts, dates, other figures and negations, compared by code."""

import re
from dataclasses import dataclass

from triage.guardrails.figures import Figure, figures
from triage.guardrails.patterns import fold

NEGATIONS = {
    "en": r"not|no|never|none|nothing|neither|nor|without|cannot|unable|\w+n't|n't",
    "de": r"nicht|kein\w*|nie|niemals|nichts|ohne|weder|niemand",
    "fr": r"ne|pas|jamais|aucun\w*|rien|sans|ni|personne ne",
    "es": r"no|nunca|jamas|ningun\w*|nada|sin|tampoco|ni",
    "nl": r"niet|geen|nooit|niets|zonder|noch|niemand",
    "it": r"non|mai|nessun\w*|niente|nulla|senza|ne",
    "pt": r"nao|nunca|jamais|nenhum\w*|nada|sem|nem",
}  # "mai" is May in German and "no" is "in the" in Portuguese: each language has its own
_PATTERNS = {language: re.compile(rf"\b(?:{words})\b") for language, words in NEGATIONS.items()}
_ANY = re.compile("|".join(pattern.pattern for pattern in _PATTERNS.values()))
_IN_WORDS = re.compile(r"^\D+$")


@dataclass(frozen=True)
class Difference:
    """`kind` is amount, date, figure or negation; `where` says which of the two texts has it alone (0 or 1)."""

    kind: str
    said: str
    where: int


def kind_of(figure: Figure) -> str:
    if figure.currency:
        return "amount"
    return "date" if any("/" in token or " of " in token for token in figure.tokens) else "figure"


def denies(text: str, language: str) -> bool:
    """Whether a text denies something, by the words of its language; of an unknown language, by those of all."""
    return _PATTERNS.get(language, _ANY).search(fold(text)) is not None


def differences(one: str, other: str, languages: tuple[str, str]) -> list[Difference]:
    """What one of two texts says and the other does not. Small numbers in words ("one of two") are left out."""
    both = figures(one), figures(other)
    found = [
        Difference(kind_of(figure), figure.text, side)
        for side, mine in enumerate(both)
        for figure in mine
        if not _IN_WORDS.match(figure.text) and not any(figure.same(theirs) for theirs in both[1 - side])
    ]
    here, there = denies(one, languages[0]), denies(other, languages[1])
    return [*found, *([Difference("negation", "a negation", 0 if here else 1)] if here != there else [])]
