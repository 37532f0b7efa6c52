"""One known defect put into a draft that was right, and whether an edited text still has it.

Each is a mistake that agents can make and that only reading finds: none is marked in the draft as lacking a source.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from triage.guardrails.figures import Figure, figures

Row = dict[str, Any]
"""A sentence as drafts store it (triage.drafts.proof)."""

_SAME = 80  # per cent: a sentence that was only reworded is still there
_ANSWERED = 1 / 3  # of the words that went with an answer: as many have come back when it was given again
_MONEY = re.compile(r"[€$£¥]|\b(?:EUR|USD|GBP|CHF)\b")
_PLAIN = re.compile(r"\D{0,4}\d+(?:[.,]\d+)?\D{0,20}(?:\d{4})?")  # an amount, a measure or a date; no code and no address
_PROMISES = {
    "en": "We will refund the full amount to you today.",
    "de": "Wir erstatten Ihnen heute den vollen Betrag.",
    "fr": "Nous vous remboursons aujourd'hui la totalité du montant.",
    "es": "Hoy le reembolsamos el importe completo.",
    "it": "Oggi le rimborsiamo l'intero importo.",
    "nl": "Wij betalen u vandaag het volledige bedrag terug.",
}


@dataclass(frozen=True)
class Stranger:
    """Somebody else, and an order of theirs."""

    name: str
    order: str


@dataclass(frozen=True)
class Good:
    """A draft as it was sent, and what a defect can be made of."""

    body: str
    sentences: Sequence[Row]
    language: str
    questions: int
    stranger: Stranger | None = None


@dataclass(frozen=True)
class Defect:
    """`wrong` is what should not stand in the text ("" when something is missing from it), `right` what should."""

    kind: str
    body: str
    sentences: list[Row]
    wrong: str
    right: str
    told: str


def put_in(good: Good, dice: random.Random) -> list[Defect]:
    """The draft with each defect that can be put into it, in an order of chance."""
    kinds = list(_KINDS)
    dice.shuffle(kinds)
    return [defect for kind in kinds if (defect := _KINDS[kind](good, dice))]


def stands(kind: str, wrong: str, right: str, body: str, text: str) -> bool:
    """Whether a text that was edited from `body` still has the defect."""
    if not wrong:
        lost = _words(right) - _words(body)
        return len(lost & _words(text)) < max(1.0, len(lost) * _ANSWERED)
    if kind in _FIGURES:
        return re.search(rf"(?<![\w.,]){re.escape(wrong)}(?![\w])", text) is not None
    return fuzz.partial_ratio(wrong, text) >= _SAME


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


def _amount(good: Good, dice: random.Random) -> Defect | None:
    return _figure(
        good, dice, "amount", lambda figure: bool(_MONEY.search(figure.text)), "The amount is not the one that the source states"
    )


def _number(good: Good, dice: random.Random) -> Defect | None:
    return _figure(
        good, dice, "figure", lambda figure: not _MONEY.search(figure.text), "The figure is not the one that the source states"
    )


def _figure(good: Good, dice: random.Random, kind: str, fits: Callable[[Figure], bool], told: str) -> Defect | None:
    """A figure of a supported sentence, changed."""
    found = [
        (place, figure)
        for place, row in enumerate(good.sentences)
        if row.get("supported") and row.get("passages")
        for figure in figures(str(row["text"]))
        if fits(figure) and _PLAIN.fullmatch(figure.text)
    ]
    if not found:
        return None
    place, figure = dice.choice(found)
    row = good.sentences[place]
    other = re.sub(r"\d+", lambda digits: _other(digits.group(), dice), figure.text, count=1)
    said = str(row["text"])
    wrong = said[: figure.start] + other + said[figure.end :]
    if good.body.count(said) != 1 or other in good.body:
        return None
    sentences = [{**each, "text": wrong} if n == place else dict(each) for n, each in enumerate(good.sentences)]
    return Defect(
        kind, good.body.replace(said, wrong), sentences, other, figure.text, f"{told}: it says {other} instead of {figure.text}."
    )


def _other(digits: str, dice: random.Random) -> str:
    """Another number of as many digits, far enough from the first to matter."""
    value = int(digits)
    lowest, highest = (1 if len(digits) == 1 else 10 ** (len(digits) - 1)), 10 ** len(digits) - 1
    apart = [
        number
        for number in (value * 2, value * 3, value // 2, value + 3, value - 3)
        if lowest <= number <= highest and number != value
    ]
    return str(dice.choice(apart)).zfill(len(digits)) if apart else str(lowest if value != lowest else highest)


def _promise(good: Good, _dice: random.Random) -> Defect | None:
    promise = _PROMISES.get(good.language[:2])
    return (promise and _added(good, "promise", promise, f"It promises a refund, which nobody may: “{promise}”")) or None


def _stranger(good: Good, _dice: random.Random) -> Defect | None:
    if good.stranger is None or good.language[:2] != "en":
        return None
    said = f"I have looked at order {good.stranger.order} of {good.stranger.name} as well."
    return _added(good, "other customer", said, f"It gives away another customer's data: “{said}”")


def _added(good: Good, kind: str, said: str, told: str) -> Defect | None:
    """A sentence after the last one that states something."""
    texts = [str(row["text"]) for row in good.sentences if row.get("passages")]
    stated = [text for text in texts if text.endswith((".", "!")) and good.body.count(text) == 1]  # a signature is none
    if not stated:
        return None
    body = good.body.replace(stated[-1], f"{stated[-1]} {said}")
    rows = [dict(row) for row in good.sentences]
    at = 1 + max(n for n, row in enumerate(rows) if str(row["text"]) == stated[-1])
    rows.insert(at, {"text": said, "kind": "courtesy", "supported": True, "passages": [], "score": 1.0, "why": ""})
    return Defect(kind, body, rows, said, "", told)


def _unanswered(good: Good, _dice: random.Random) -> Defect | None:
    """Of several questions, what the last cited passage answers is left out."""
    cited = [str(passage) for row in good.sentences for passage in row.get("passages") or []]
    if good.questions < 2 or len(set(cited)) < 2:
        return None
    gone = [row for row in good.sentences if cited[-1] in (row.get("passages") or [])]
    if any(good.body.count(str(row["text"])) != 1 for row in gone):
        return None
    body = good.body
    for row in gone:
        body = body.replace(str(row["text"]), "")
    body = re.sub(
        r"\n{3,}", "\n\n", re.sub(r"(?m)^[^\S\n]*(?:\d{1,2}[.)]|[-*•])?[^\S\n]*$", "", re.sub(r"[^\S\n]{2,}", " ", body))
    )
    left = [dict(row) for row in good.sentences if row not in gone]
    right = " ".join(str(row["text"]) for row in gone)
    return Defect(
        "unanswered", body.strip(), left, "", right, f"It leaves a question unanswered. The answer would have been: “{right}”"
    )


_FIGURES = ("amount", "figure")
_KINDS: dict[str, Callable[[Good, random.Random], Defect | None]] = {
    "amount": _amount,
    "figure": _number,
    "promise": _promise,
    "other customer": _stranger,
    "unanswered": _unanswered,
}
