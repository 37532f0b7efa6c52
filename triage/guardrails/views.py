"""Other readings of a text: decoded, spelled out, in leet, backwards, in HTML comments.

Each view is a text to scan and the place in the original that it came from.
"""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,8000}={0,2}")
_HEX = re.compile(r"(?:(?:\\x|0x|%)?[0-9A-Fa-f]{2}[ :,]?){14,4000}")
_PERCENT = re.compile(r"(?:[\w.~-]{0,20}%[0-9A-Fa-f]{2}){6,400}[\w.~-]{0,20}")
_ENTITIES = re.compile(r"(?:&#x?[0-9A-Fa-f]{2,6};\s?){6,2000}")
_SPELLED = re.compile(r"(?:(?<!\w)\w[ .\-_*|]{1,2}){6,400}\w(?!\w)")
_LEET_WORD = re.compile(r"[A-Za-z0-9@$!|]{4,40}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_LEET = str.maketrans("0134578@$!|", "oieastbasil")
_COMMENT_OPENS, _COMMENT_CLOSES = re.compile(r"<!\s?--"), re.compile(r"--\s?>")
_REVERSED = ("erongi", "dragersid", "tegrof", "snoitcurtsni", "tpmorp", "snoitcurtsni", "laever")
_ROT13 = ("vtaber", "qvfertneq", "sbetrg", "vafgehpgvba", "cebzcg", "erirny", "ershaq")
_READABLE = re.compile(r"[\w\s.,;:!?'\"()/@<>=_+#&%$*-]")


@dataclass(frozen=True)
class Decoded:
    """A reading `text` of the original's characters start to end; `how` names the disguise."""

    how: str
    text: str
    start: int
    end: int


def readings(text: str) -> Iterator[Decoded]:
    """Every disguised reading of the text that gives readable words."""
    yield from _encoded(text)
    yield from _spelled(text)
    yield from _comments(text)
    folded = text.lower()
    if any(word in folded for word in _REVERSED):
        yield Decoded("reversed text", text[::-1], 0, len(text))
    if any(word in folded for word in _ROT13):
        yield Decoded("ROT13", codecs.decode(text, "rot13"), 0, len(text))
    if (unleeted := _unleet(text)) is not None:
        yield Decoded("leet spelling", unleeted, 0, len(text))


def _comments(text: str) -> Iterator[Decoded]:
    position = 0
    while opens := _COMMENT_OPENS.search(text, position):
        closes = _COMMENT_CLOSES.search(text, opens.end())
        position = closes.end() if closes else len(text)
        yield Decoded("an HTML comment", text[opens.end() : closes.start() if closes else position], opens.start(), position)


def _encoded(text: str) -> Iterator[Decoded]:
    for match in _BASE64.finditer(text):
        if (decoded := _from_base64(match.group())) and readable(decoded):
            yield Decoded("Base64", decoded, match.start(), match.end())
    for match in _HEX.finditer(text):
        digits = re.sub(r"\\x|0x|%|[ :,]", "", match.group())
        decoded = bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", "replace")
        if readable(decoded):
            yield Decoded("hexadecimal", decoded, match.start(), match.end())
    if "%" in text:
        for match in _PERCENT.finditer(text):
            yield Decoded("URL encoding", unquote(match.group()), match.start(), match.end())
    if "&#" in text:
        for match in _ENTITIES.finditer(text):
            yield Decoded("HTML entities", html.unescape(match.group()), match.start(), match.end())


def _from_base64(run: str) -> str | None:
    body = run.rstrip("=")
    if body.isalpha() and (body.islower() or body.isupper()) and len(body) < 24:
        return None
    try:
        decoded = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_" if set(body) & set("-_") else None)
        return decoded.decode("utf-8")
    except (binascii.Error, ValueError):
        return None


def readable(text: str) -> bool:
    """Whether the text looks like words: nearly all readable characters, and a gap between words."""
    trimmed = text.strip("\x00\n\r\t ")
    if len(trimmed) < 10 or not re.search(r"[^\W\d_]{2,} ?[^\W\d_]{2,}", trimmed) or not re.search(r"\s", trimmed):
        return False
    return len(_READABLE.findall(trimmed)) / len(trimmed) > 0.95


def _spelled(text: str) -> Iterator[Decoded]:
    for match in _SPELLED.finditer(text):
        run = match.group()
        joined = re.sub(r"(\w)[ .\-_*|](?=\w)", r"\1", run)
        letters = re.sub(r"[\W_]", "", run)
        if sum(letter.isalpha() for letter in letters) > 0.8 * len(letters):
            yield Decoded("spelled-out letters", joined + " \n " + letters, match.start(), match.end())


def _unleet(text: str) -> str | None:
    """The sentences with leet words, read as letters, and those beside them, when there are at least three such words."""
    words = 0

    def read(match: re.Match[str]) -> str:
        nonlocal words
        word = match.group()
        if word.isalpha():
            return word
        letters = sum(letter.isalpha() for letter in word)
        if letters < 2:
            return word
        words += 1
        return word.translate(_LEET)

    parts = _SENTENCE.split(text)
    kept: set[int] = set()
    for number, part in enumerate(parts):
        before, parts[number] = words, _LEET_WORD.sub(read, part)
        if words > before:
            kept.update((number - 1, number, number + 1))
    return "\n".join(part for number, part in enumerate(parts) if number in kept) if words >= 3 else None
