"""A word-for-word English reading of the other six languages, for an embedder that knows only English.

"Quelle mouture pour la Lark One ?" becomes "grind Lark One". That is no translation and nobody is shown it; it
places a text among English ones well enough to tell topics and sentences apart.
"""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

GLOSSED = ("de", "fr", "es", "nl", "it", "pt")  # in the order of gloss.toml
_TOKEN = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")
_INSIDE = 5  # letters a word must have to be looked for inside a compound


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case without accents, ß as ss, straight apostrophes."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ʼ", "'"))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


@cache
def small_words(language: str = "") -> frozenset[str]:
    """Folded words that carry no matter: of one language, or of all."""
    table = data()["small"]
    chosen = [table[language]] if language in table else list(table.values())
    return frozenset(word for words in chosen for word in words.split())


def guess_by_small_words(text: str, default: str = "") -> str:
    """The language whose small words are most frequent; `default` when none stands out."""
    seen = re.findall(r"[a-z0-9]+(?:'[a-z0-9]+)*", fold(text))
    ranked = sorted(
        ((sum(word in small_words(language) for word in seen), language) for language in ("en", *GLOSSED)), reverse=True
    )
    (best, language), (second, _) = ranked[:2]
    return language if best >= 2 and best > second else default


@cache
def data() -> dict[str, Any]:
    """gloss.toml: names, the small words of each language, and the words of all."""
    return tomllib.loads(Path(__file__).with_name("gloss.toml").read_text("utf-8"))


@cache
def _entries(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """English by beginning of word, and by whole word; an entry of several words is left to its first."""
    column = GLOSSED.index(language)
    beginnings: dict[str, str] = {}
    whole: dict[str, str] = {}
    for english, columns in data()["words"].items():
        for entry in _variants(columns.split("|")[column]):
            chosen = whole if entry.endswith("=") else beginnings
            chosen.setdefault(entry.rstrip("="), english.replace("_", " "))
    return beginnings, whole


def _variants(column: str) -> list[str]:
    """The words of a column; `ordin[ei]` stands for ordine and ordini."""
    found = []
    for entry in column.split():
        choice = re.fullmatch(r"(\w*)\[(\w+)\](=?)", entry)
        found += [f"{choice[1]}{letter}{choice[3]}" for letter in choice[2]] if choice else [entry]
    return found


@lru_cache(maxsize=20_000)
def english(word: str, language: str) -> str:
    """The English of one folded word, empty when it is not known."""
    beginnings, whole = _entries(language)
    if word in whole:
        return whole[word]
    for length in range(len(word), 2, -1):
        if word[:length] in beginnings:
            return beginnings[word[:length]]
    inside = [entry for entry in beginnings if len(entry) >= _INSIDE and entry in word] if len(word) > 8 else []
    return beginnings[max(inside, key=len)] if inside else ""


@lru_cache(maxsize=8_192)
def gloss(text: str, language: str) -> str:
    """The known words of a text in English, with its names, codes and numbers as they are; English stays as it is."""
    if language not in GLOSSED:
        return text
    idle = small_words(language)
    said: list[str] = []
    for token in _TOKEN.findall(text):
        word = fold(token)
        if known := english(word, language):
            if said[-1:] != [known]:
                said.append(known)
        elif (_name(token, language) and word not in idle) or word in _names():
            said.append(token)
    return " ".join(said)


def _name(token: str, language: str) -> bool:
    """Whether a token is the same in every language: a number, AquaPod, and where nouns are small any other capital."""
    inside = any(char.isdigit() for char in token) or any(char.isupper() for char in token[1:])
    return inside or (language != "de" and token[0].isupper())


@cache
def _names() -> frozenset[str]:
    return frozenset(data().get("names", "").split())
