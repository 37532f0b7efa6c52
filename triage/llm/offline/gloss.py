"""A word-for-word English reading of the other six languages, for an embedder that knows only English.

"Quelle mouture pour la Lark One ?" becomes "grind Lark One". That is no translation and nobody is shown it; it
places a text among English ones well enough to tell topics and sentences apart.
"""

import re
from functools import cache, lru_cache

from triage.llm.offline.text import data, fold, stopwords

_ORDER = ("de", "fr", "es", "nl", "it", "pt")
_TOKEN = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")
_INSIDE = 5  # letters a word must have to be looked for inside a compound


@cache
def _entries(language: str) -> tuple[dict[str, str], dict[str, str]]:
    """English by beginning of word, and by whole word; an entry of several words is left to its first."""
    column = _ORDER.index(language)
    beginnings: dict[str, str] = {}
    whole: dict[str, str] = {}
    for english, columns in data("gloss")["words"].items():
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
    if language not in _ORDER:
        return text
    idle = stopwords(language)
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
    return frozenset(data("gloss").get("names", "").split())
