"""Names of people, places and organisations, addresses, titles and ages: a small tagger of our own.

A linear chain over tokens: each token's features (words, shapes and gazetteer marks around it) are hashed into
rows of a weight table, and the best sequence of labels is found with Viterbi's algorithm. The weights were fitted
with an averaged structured perceptron (Collins 2002) by `python -m benchmarks.personal_fit --write`; names.npz
holds no text, only weights and hashes of words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from triage.guardrails.personal import kinds

WEIGHTS = Path(__file__).with_name("names.npz")
LABELS = (
    "", kinds.PERSON, kinds.TITLE, kinds.PLACE, kinds.ORGANIZATION, kinds.GROUP, kinds.STREET, kinds.ZIP, kinds.DATE, kinds.AGE,
)  # fmt: skip
BITS = 17  # the table has 2**17 rows
FIRST, LAST, CITY, COUNTRY, NATION, ROAD, FIRM, COMMON = (1 << n for n in range(8))
_CHUNK = 4_000  # tokens looked at together, so that long texts cost no more memory

_TOKEN = re.compile(r"\0+|[^\W_]+|\n|[^\w\s]|_")
_EDGE = ("", "", "")

Places = list[tuple[int, int]]


@dataclass(frozen=True)
class Gazetteer:
    """Which words are known as what: sorted CRC-32 of lower-case words, and their marks."""

    words: NDArray[np.uint32]
    marks: NDArray[np.uint8]

    def of(self, words: Sequence[str]) -> list[int]:
        if not len(self.words):
            return [0] * len(words)
        keys = np.array([crc32(word.encode()) for word in words], np.uint32)
        at = np.minimum(np.searchsorted(self.words, keys), len(self.words) - 1)
        return np.where(self.words[at] == keys, self.marks[at], 0).tolist()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Tagger:
    """`table` has a row of scores, one for each label, for each hashed feature; `steps[a, b]` is what b after a scores."""

    gazetteer: Gazetteer
    table: NDArray[np.float32]
    steps: NDArray[np.float32]

    def tag(self, text: str, taken: Sequence[tuple[int, int]] = ()) -> list[tuple[int, int, str]]:
        """Places and kinds, in order, none overlapping. `taken` are places already known as something else."""
        for start, end in taken:
            text = f"{text[:start]}{chr(0) * (end - start)}{text[end:]}"
        places = [match.span() for match in _TOKEN.finditer(text)]
        found: list[tuple[int, int, str]] = []
        for first in range(0, len(places), _CHUNK):
            chunk = places[first : first + _CHUNK]
            seen = look(text, chunk, self.gazetteer)
            if seen.asked:
                found += [self._settled(text, place) for place in spans(text, chunk, self.labels(seen))]
        return found

    def _settled(self, text: str, place: tuple[int, int, str]) -> tuple[int, int, str]:
        """A line that is nothing but a known name, or a known town, is no address: letters end with one."""
        start, end, kind = place
        said = text[start:end]
        alone = text[:start].endswith("\n") and text[end : end + 1] in ("", "\n")
        if kind != kinds.STREET or not alone or any(map(str.isdigit, said)):
            return place
        marks = [mark & ~COMMON for mark in self.gazetteer.of(re.findall(r"[^\W\d_]+", said.lower()))]
        if all(mark & (FIRST | LAST) and not mark & ROAD for mark in marks):
            return start, end, kinds.PERSON
        return (start, end, kinds.PLACE) if all(mark & (CITY | COUNTRY) for mark in marks) else place

    def labels(self, seen: "Seen") -> list[int]:
        """A label for each token; those that are not asked about have none."""
        rows = np.array([features(seen, n) for n in seen.asked])
        return best_labels(self.table[rows].sum(axis=1), self.steps, seen)


@dataclass(frozen=True)
class Seen:
    """Tokens as features see them: words, shapes and marks, with two edges at both ends; `asked` are the tokens worth a question."""

    words: list[str]
    shapes: list[str]
    marks: list[str]
    asked: list[int]


def look(text: str, places: Places, gazetteer: Gazetteer) -> Seen:
    tokens = [text[start:end] for start, end in places]
    shapes = [_shape(token) for token in tokens]
    words = [token.lower() if shape[0] not in "#@" else shape for token, shape in zip(tokens, shapes, strict=True)]
    marks = gazetteer.of(words)
    careless = "Xx" not in shapes  # who writes no capitals writes names without them too
    likely = [shape[0] in "XA#" or (careless and 0 < mark < COMMON) for shape, mark in zip(shapes, marks, strict=True)]
    asked = [n for n in range(len(tokens)) if likely[n] or (n and likely[n - 1]) or (n + 1 < len(tokens) and likely[n + 1])]
    gaps = [text[end : places[n + 1][0]] if n + 1 < len(places) else "\n" for n, (_, end) in enumerate(places)]
    edged = ["^^" if n == 0 or tokens[n - 1] in "\n.!?:>" else "" for n in range(len(tokens))]
    return Seen(
        ["", "", *words, "", ""],
        ["", "", *(shape + edge + ("+" if gap else "") for shape, edge, gap in zip(shapes, edged, gaps, strict=True)), "", ""],
        ["", "", *map(str, marks), "", ""],
        asked,
    )


def _shape(token: str) -> str:
    first = token[0]
    if first == "\0":
        return "@"
    if token.isdigit():
        return "#year" if len(token) == 4 and token[:2] in ("19", "20") else f"#{min(len(token), 7)}"
    if first.isdigit():
        return "#x"
    if not first.isalpha():
        return first
    if len(token) == 1:
        return "A" if first.isupper() else "a"
    if token.isupper():
        return "XX"
    if first.isupper():
        return "Xx" if token[1:].islower() else "XxX"
    return "x" if token.isalpha() else "x#"


def features(seen: Seen, n: int) -> list[int]:
    """Rows of the table for token n."""
    w, s, g = seen.words, seen.shapes, seen.marks
    w1, w2, w3, w4, w5 = w[n : n + 5]
    s1, s2, s3, s4, s5 = s[n : n + 5]
    g2, g3, g4 = g[n + 1 : n + 4]
    return [
        crc32(said.encode()) & _MASK
        for said in (
            f"0{w3}", f"1{w2}", f"2{w4}", f"3{w1}", f"4{w5}", f"5{s3} {g3}", f"6{s2} {s3} {s4}", f"7{w2} {s3}", f"8{s3} {w4}",
            f"9{g2} {g3}", f"a{g3} {g4}", f"b{w1} {w2} {s3}", f"c{s3} {w4} {w5}", f"d{w3[-3:]} {s3}", f"e{w3[:3]} {s3}", f"f{w2} {g3}",
            f"g{g3} {w4}", f"h{g2} {g3} {g4}", f"i{s1} {s2} {s3}", f"j{s3} {s4} {s5}", f"k{w3[-2:]} {g3}", f"l{s3}", f"m{w2} {s3} {w4}",
        )
    ]  # fmt: skip


_MASK = (1 << BITS) - 1


def best_labels(scores: NDArray[np.float32], steps: NDArray[np.float32], seen: Seen) -> list[int]:
    """The best sequence for each run of tokens that are asked about (Viterbi); 0 between the runs."""
    labels = [0] * (len(seen.words) - 4)
    start = 0
    for end in range(1, len(seen.asked) + 1):
        if end == len(seen.asked) or seen.asked[end] != seen.asked[end - 1] + 1:
            _run(scores[start:end], steps, labels, seen.asked[start])
            start = end
    return labels


def _run(scores: NDArray[np.float32], steps: NDArray[np.float32], labels: list[int], at: int) -> None:
    best, back = steps[0] + scores[0], []
    for row in scores[1:]:
        through = best[:, None] + steps
        back.append(through.argmax(axis=0))
        best = through.max(axis=0) + row
    label = int((best + steps[:, 0]).argmax())
    for n in range(len(scores) - 1, -1, -1):
        labels[at + n] = label
        if n:
            label = int(back[n - 1][label])


def spans(text: str, places: Places, labels: Sequence[int]) -> list[tuple[int, int, str]]:
    """Neighbouring tokens with one label become one place; signs at its edges do not belong to it."""
    found, first = [], 0
    for n in range(1, len(labels) + 1):
        if n < len(labels) and labels[n] == labels[first]:
            continue
        if labels[first]:
            start, end = places[first][0], places[n - 1][1]
            said = text[start:end]
            start += len(said) - len(said.lstrip(" \n\t,;:.-–>()\"'“”’/|*_#"))
            kept = said.rstrip(" \n\t,;:-–>(\"'“”’/|*_#!?")
            end = places[first][0] + len(
                kept.rstrip(".")
                if LABELS[labels[first]] not in (kinds.TITLE, kinds.PERSON) or not _ABBREVIATED.search(kept)
                else kept
            )
            if end > start and "\0" not in text[start:end]:
                found.append((start, end, LABELS[labels[first]]))
        first = n
    return found


def joined(text: str, found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """An address that goes on after a stop, and one over several lines with its place and post code, are one."""
    whole: list[tuple[int, int, str]] = []
    for start, end, kind in found:
        gap = text[whole[-1][1] : start] if whole else "none"
        goes_on = kind == kinds.STREET or (kind in (kinds.ZIP, kinds.PLACE) and "\n" in gap)
        if whole and whole[-1][2] == kinds.STREET and goes_on and len(gap) <= 4 and not gap.strip(" \n,.>"):
            start, _, kind = whole.pop()
        whole.append((start, end, kind))
    return whole


_ABBREVIATED = re.compile(
    r"(?:\b[A-Z]|\b(?:Dr|Mrs?|Ms|Prof|Jr|Sr|Eng|Sc|Ing|Sig|Dott|Dipl|Drs?|Mme|Mlle|Sra?|Srta|Dhr|Mevr|Mw))\.$"
)


class Using:
    """Has `tagger()` give these weights within a `with` block; for measuring weights that are not shipped."""

    def __init__(self, other: Tagger) -> None:
        self._other = other

    def __enter__(self) -> Tagger:
        _instead.append(self._other)
        return self._other

    def __exit__(self, *_: object) -> None:
        _instead.remove(self._other)


_instead: list[Tagger] = []


def tagger() -> Tagger:
    """The tagger whose weights are shipped; read once, on first use."""
    return _instead[-1] if _instead else _shipped()


@lru_cache(maxsize=1)
def _shipped() -> Tagger:
    with np.load(WEIGHTS) as kept:
        table = np.zeros((1 << BITS, len(LABELS)), np.float32)
        table[kept["rows"]] = kept["values"].astype(np.float32) * kept["scale"]
        return Tagger(Gazetteer(kept["words"], kept["marks"]), table, kept["steps"].astype(np.float32))
