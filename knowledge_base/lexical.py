"""The words of a text as they are compared: identifiers exactly, other words by their stem in their language."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"[^\W_]+(?:[-./_'’][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_QUESTION = 300  # characters of a text that is likely a question
_STEMMERS = {
    "en": "english",
    "de": "german",
    "fr": "french",
    "es": "spanish",
    "nl": "dutch",
    "it": "italian",
    "pt": "portuguese",
}


# Words that carry no matter, for each language apart: "die" says nothing in German and a lot in English.
STOP = {
    language: frozenset(listed.split())
    for language, listed in {
        "en": "a an and are as at be been but by can could did do does for from had has have he hello her hi his how i if in into is it its me "
        "my of on or our please she should so that thank thanks the their them then there these they this to up us was we were what when "
        "where which who why will with would you your",
        "de": "aber als am an auch auf aus bei bin bitte da danke das dass dem den der des die doch ein eine einem einen einer er es für hallo "
        "hat haben ich ihr im in ist ja kann können man mein meine meinem meinen meiner mich mir mit nach oder schon seit sich sie sind so um "
        "und uns von war was wenn werden wie wir wird wo zu zum zur",
        "fr": "au aux avec bonjour ce ces cette comment dans de des du elle en est et il ils j je l la le les leur ma mais me merci mes moi mon "
        "n nous on ou où par pas peut pour puis que quel quelle qui qu s sa se ses si son sont sur un une vos votre vous à y",
        "es": "al como cómo con cuando de del desde donde dónde el ella en es esta está este esto gracias hola la las le lo los me mi mis muy no "
        "o para pero por que qué se ser si sin sobre son su sus te un una y ya yo",
        "nl": "aan als bij dan dat de die dit een en er ben bedankt hallo heb hebben heeft het hoe ik in is je jullie kan kunnen maar me met "
        "mijn na naar niet nog of om onze ook op te tot uit van voor waar was wat we wel wij worden zijn zo",
    }.items()
}


@dataclass(frozen=True)
class Word:
    """One word of a text as it is compared: an identifier (E6, LF-10293, 4.3.0) exactly, any other word by its stem."""

    surface: str
    key: str
    exact: bool

    @property
    def identifier(self) -> bool:
        """Whether it names one thing: letters with digits, or a version number."""
        return self.exact and (not self.key.isdigit())


def words(text: str, language: str = "en") -> tuple[Word, ...]:
    """The words of a text in order, without the commonest ones; compounds also as one word (wi-fi, wifi)."""
    return _asked(text, language) if len(text) <= _QUESTION else _read(text, language)


@lru_cache(maxsize=1_000)
def _asked(text: str, language: str) -> tuple[Word, ...]:
    """`words` of a short text: each step of a search reads the question anew."""
    return _read(text, language)


def _read(text: str, language: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        token = match.group()
        parts = _PART.findall(token)
        found += [word for part in parts if (word := _word(part, language))]
        if len(parts) > 1:
            joined = token if all(part.isdigit() for part in parts) else "".join(parts)
            found.append(
                Word(token, joined.lower(), True) if _has_digit(joined) else Word(token, _stem(joined.lower(), language), False)
            )
    return tuple(found)


@lru_cache(maxsize=50_000)
def _word(part: str, language: str) -> Word | None:
    low = part.lower()
    if low in STOP.get(language, STOP["en"]) or (len(low) == 1 and not low.isdigit()):
        return None
    return Word(part, low, True) if _has_digit(low) else Word(part, _stem(low, language), False)


def _has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


@lru_cache(maxsize=1)
def _stemmers() -> dict[str, object]:
    import Stemmer  # type: ignore[import-not-found]

    return {code: Stemmer.Stemmer(name) for code, name in _STEMMERS.items()}


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str) -> str:
    """The stem, without accents, so that a hurried e-mail still matches."""
    stemmer = _stemmers().get(language)
    stem = stemmer.stemWord(word) if stemmer else word  # type: ignore[attr-defined]
    return "".join(letter for letter in unicodedata.normalize("NFD", stem) if not unicodedata.combining(letter))


def term(word: Word, language: str) -> str:
    """How the word is filed: identifiers for all languages together, stems for each language apart."""
    return word.key if word.exact else f"{language}:{word.key}"
