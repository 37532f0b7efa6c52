"""Text as a reader sees it, with the way back to where each character stood.

Senders hide instructions from people with characters that are invisible (zero-width, tag characters), that
reorder (bidirectional overrides) or that only look like Latin letters. Guards look at the text without these
disguises; findings are reported at their place in the original.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)
_SPLIT_WORD = re.compile("(?<=[^\\W\\d_])[\u00ad\u200b\u200c\u2060\ufeff](?=[^\\W\\d_])")
_OVERRIDE = re.compile("[\u202d\u202e\u2066-\u2068]")
_TAGS = re.compile("[\U000e0020-\U000e007e]{3,}")
_FLAG = "\U0001f3f4"
# A stretch of ASCII without marks, or one character with the marks on it.
_CLUSTER = re.compile(r"[\x00-\x7f]+(?![\u0300-\u036f\u3099\u309a])|.[\u0300-\u036f\u3099\u309a]*", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")
_FOREIGN = re.compile("[\u0370-\u03ff\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z]")
_LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁԛԝһАВЕКМНОРСТУХІЈЅαεικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdqwhABEKMHOPCTYXIJSaeiknoptuxwABEZHIKMNOPTYX",
)
_OVERLAYS = re.compile("[\u0334-\u0338\u0488\u0489\u20d2-\u20e5]")
_MARKS = re.compile("[\u0300-\u036f]")
# Letters in boxes, circles and small capitals, which NFKC leaves as they are.
_STYLED = {
    **{0x1F150 + number: 65 + number for number in range(26)},
    **{0x1F170 + number: 65 + number for number in range(26)},
    **{ord(styled): ord(letter) for styled, letter in zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)},
}
_DRESSED = re.compile("[" + "".join(map(chr, _STYLED)) + "]|" + _OVERLAYS.pattern + "|[\u0300-\u036f]")


@dataclass(frozen=True)
class Normal:
    """`text` without disguises; its i-th character stood at original[origin[i]:ends[i]], both None when nothing moved."""

    text: str
    origin: list[int] | None = None
    ends: list[int] | None = None
    length: int = 0
    smuggled: str = ""
    smuggled_at: int = 0
    split_words: int = 0
    overrides: int = 0
    mixed_words: int = 0

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place of text[start:end] in the original, end exclusive."""
        if self.origin is None or self.ends is None:
            return start, end
        if start >= len(self.origin):
            return self.length, self.length
        if end <= start:
            return self.origin[start], self.origin[start]
        return self.origin[start], self.ends[min(end, len(self.ends)) - 1]


def normalise(original: str) -> Normal:
    """Remove disguises: NFKC, invisible characters, styled and crossed-out letters, lookalikes inside Latin words."""
    if original.isascii():
        return Normal(original, length=len(original))
    odd = INVISIBLE.search(original) is not None
    if not odd and not _DRESSED.search(original) and unicodedata.is_normalized("NFKC", original):
        text, mixed = _unmix(original)
        return Normal(text, length=len(original), mixed_words=mixed)
    plain, origin, ends = _rebuild(original)
    text, mixed = _unmix(plain)
    smuggled, at = _tag_text(original) if odd else ("", 0)
    return Normal(
        text,
        origin,
        ends,
        len(original),
        smuggled,
        at,
        mixed_words=mixed,
        split_words=len(_SPLIT_WORD.findall(original)) if odd else 0,
        overrides=len(_OVERRIDE.findall(original)) if odd else 0,
    )


def _rebuild(original: str) -> tuple[str, list[int], list[int]]:
    """Character by character with the marks on it, without what is invisible: the text, and where each came from."""
    text: list[str] = []
    origin: list[int] = []
    ends: list[int] = []
    places: Sequence[int] = range(len(original))
    seen = original
    if INVISIBLE.search(original):
        places = [place for place, character in enumerate(original) if not INVISIBLE.match(character)]
        seen = "".join([original[place] for place in places])
    for match in _CLUSTER.finditer(seen):
        cluster, start, end = match.group(), match.start(), match.end()
        if cluster.isascii():
            text.append(cluster)
            origin += places[start:end]
            ends += [place + 1 for place in places[start:end]]
            continue
        for character in _undressed(cluster):
            text.append(character)
            origin.append(places[start])
            ends.append(places[end - 1] + 1)
    return "".join(text), origin, ends


def _undressed(cluster: str) -> str:
    """A character with its marks in its plain form: strokes across it are dropped, and a pile of marks altogether."""
    plain = unicodedata.normalize("NFKC", _OVERLAYS.sub("", cluster).translate(_STYLED))
    if len(_MARKS.findall(unicodedata.normalize("NFD", plain))) > 2:  # no language puts three on one letter
        plain = _MARKS.sub("", unicodedata.normalize("NFD", plain))
    return INVISIBLE.sub("", plain)


def _unmix(text: str) -> tuple[str, int]:
    """Latin letters for Cyrillic and Greek lookalikes in words that mix them; as long as before."""
    if not _FOREIGN.search(text):
        return text, 0
    mixed = 0

    def latin(match: re.Match[str]) -> str:
        nonlocal mixed
        word = match.group()
        if not (_FOREIGN.search(word) and _LATIN.search(word)):
            return word
        mixed += 1
        return word.translate(_LOOKALIKES)

    return _WORD.sub(latin, text), mixed


def _tag_text(original: str) -> tuple[str, int]:
    """What tag characters spell, and where; the tags of a flag emoji are left alone."""
    for match in _TAGS.finditer(original):
        if match.start() and original[match.start() - 1] == _FLAG:
            continue
        return "".join(chr(ord(tag) - 0xE0000) for tag in match.group()), match.start()
    return "", 0
