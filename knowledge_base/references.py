"""What a question points at without naming it: “this animal”, “it”, “the season”.

A reader who knows neither the conversation nor the writer cannot answer such a question. English only: the words of
other languages are not known here, so their questions count as naming everything.
"""

import re
from dataclasses import dataclass


def _apart(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_TOKEN = re.compile(r"[A-Za-z0-9][\w'’&+-]*(?:\.\w+)*|[?.!,;:]")
_ENDS = frozenset("?.!,;:")
_POINTING = _apart("this that these those such")
_PRONOUNS = _apart("it its they them their theirs he him his she her hers one ones there both either neither same")
_AFTER = _apart("of in for from at by")
_FUNCTION = _apart(
    "is are was were be been being do does did has have had can could will would should may might must i you we he she it they there "
    "who what which how when where why if not also to of in on at for from by with as than or and but so all just only really actually"
)
_FIRST_PERSON = _apart("I I'm I've I'd I'll")
# “it” that stands for nothing: is it possible to, how long does it take, it seems
_EMPTY_IT = re.compile(
    r"\b(?:is|was|will|would|makes?)\s+it\s+(?:\w+\s+){0,2}?(?:to|that|if|take|possible|safe|okay|ok|legal|worth)\b"
    r"|\bdoes\s+it\s+(?:take|matter)\b|\bit(?:\s+(?:is|takes|would\s+be|seems|was)|'s)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class References:
    """How many things a question points at (“this animal”), stands in for (“it”) or takes as known (“the season”)."""

    pointing: int = 0
    pronouns: int = 0
    definite: int = 0

    @property
    def any(self) -> bool:
        return bool(self.pointing or self.pronouns or self.definite)


def references(question: str) -> References:
    """What the question leaves to be known; a noun that comes with a name (“the Lark Duo”, “the capital of France”) is known."""
    tokens = _TOKEN.findall(_EMPTY_IT.sub(" ", question))
    pointing = pronouns = definite = 0
    for at, token in enumerate(tokens):
        word = token.lower()
        if word in _POINTING:
            noun, stands_alone = _points(tokens, at)
            pointing += noun
            pronouns += stands_alone
        elif word in _PRONOUNS:
            pronouns += 1
        elif word == "the":
            definite += _takes_as_known(tokens, at)
    return References(pointing, pronouns, definite)


def _points(tokens: list[str], at: int) -> tuple[bool, bool]:
    """Whether the word points at a noun (“this animal”), and whether it stands for one (“is that right?”)."""
    word, after = tokens[at].lower(), tokens[at + 1].lower() if at + 1 < len(tokens) else ""
    if after.isalpha() and after not in _FUNCTION:
        before = tokens[at - 1].lower() if at else ""
        relative = word == "that" and before.isalpha() and before not in _FUNCTION  # “the book that describes”
        return not relative, False
    return False, word != "such" and (word != "that" or after in ("", "is", "was", "?"))


def _takes_as_known(tokens: list[str], at: int) -> bool:
    """Whether neither the noun after “the” nor what follows it (“of …”) holds a name."""
    noun = _until_function(tokens, at + 1)
    end = at + 1 + len(noun)
    after = tokens[end + 1 : end + 5] if end < len(tokens) and tokens[end].lower() in _AFTER else []
    return bool(noun) and not any(_is_name(token) for token in noun + after)


def _until_function(tokens: list[str], start: int) -> list[str]:
    found: list[str] = []
    for token in tokens[start : start + 4]:
        if token in _ENDS or token.lower() in _FUNCTION:
            break
        found.append(token)
    return found


def _is_name(token: str) -> bool:
    return (token[0].isupper() and token not in _FIRST_PERSON) or any(letter.isdigit() for letter in token)
