"""A flagged message seen through: what is suspicious and why, what nobody sees, what was decoded, what of it got into the draft."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
from sqlmodel import Session, col, select

from knowledge_base.embedding import embedder
from triage.errors import EmbedderUnavailable
from triage.guardrails import injection
from triage.guardrails.detector import WORTH_NAMING
from triage.guardrails.grounding import content
from triage.guardrails.normalise import normalise
from triage.guardrails.verdicts import Finding
from triage.guardrails.views import readings
from triage.models import Draft, GuardVerdict
from triage.tickets.ticket_view import Letter, TicketView

RULES = ("injection", "hidden_text")
SHARED, NEAR = 0.5, 0.6  # of a sentence's weighted words, and cosine: from then on it derives from what is suspicious
_LONGEST, _EXCERPT = 20_000, 1_200  # characters of a part that are looked at, and of a reading that are shown


@dataclass(frozen=True)
class Mark:
    """text[start:end] of a part is suspicious: `why` is one sentence, `grave` from the weight on at which a text is blocked."""

    start: int
    end: int
    why: str
    grave: bool = False


@dataclass(frozen=True)
class Part:
    """A part of the message and its marks, in order and without overlap. `name` is for people: "message", a file's name."""

    name: str
    text: str
    marks: list[Mark] = field(default_factory=list)
    decoded: list[tuple[str, str]] = field(default_factory=list)
    """(how it was disguised, what it says)"""


@dataclass(frozen=True)
class Echo:
    """A sentence of the draft and the suspicious text that it derives from."""

    sentence: str
    source: str


@dataclass(frozen=True)
class XRay:
    """`letters` by the message's id: first the message itself, then what of it is hidden, then its files."""

    letters: dict[int, list[Part]] = field(default_factory=dict)
    echoes: list[Echo] = field(default_factory=list)

    def marks(self, message_id: int | None) -> list[Mark]:
        """What is marked in a message's own text."""
        return [mark for part in self.letters.get(message_id or 0, [])[:1] for mark in part.marks]

    @property
    def parts(self) -> list[Part]:
        """Parts in which there is something to see."""
        return [part for parts in self.letters.values() for part in parts if part.marks or part.decoded or part.name == HIDDEN]


HIDDEN = "hidden text"


def look(view: TicketView) -> XRay:
    """See through the customer's messages of a ticket that a guard flagged or that hides text; of another ticket nothing."""
    flagged = any(v.stage == "input" and v.rule in RULES and v.verdict != "allow" for v in view.verdicts)
    letters = {
        letter.message.id or 0: _parts(letter)
        for letter in view.letters
        if letter.message.direction == "in" and (flagged or letter.message.hidden)
    }
    found = XRay(letters)
    return XRay(letters, _echoes(view.draft, found, _said(view.letters))) if view.draft and found.parts else found


def is_flagged(session: Session, ticket_id: int) -> bool:
    """Whether a guard flagged a ticket's messages, so that `look` has to look through them."""
    flagged = select(GuardVerdict.id).where(
        GuardVerdict.ticket_id == ticket_id, GuardVerdict.stage == "input", col(GuardVerdict.rule).in_(RULES),
        GuardVerdict.verdict != "allow",
    )  # fmt: skip
    return session.exec(flagged.limit(1)).first() is not None


def _parts(letter: Letter) -> list[Part]:
    message = letter.message
    parts = [_part("message", message.body)]
    if message.hidden:
        parts.append(_part(HIDDEN, message.hidden, hidden=True))
    return parts + [_part(file.filename, file.text) for file in letter.attachments if file.text]


@lru_cache(maxsize=128)
def _part(name: str, text: str, *, hidden: bool = False) -> Part:
    text = text[:_LONGEST]
    found = [f for f in injection.look("body", text, hidden=hidden) if f.weight >= WORTH_NAMING and f.start < f.end]
    if injection.score(found) < injection.FLAG and not hidden:
        return Part(name, text)
    normal = normalise(text).text
    decoded = [(reading.how, reading.text.strip()[:_EXCERPT]) for reading in readings(normal) if _orders(reading.text)]
    return Part(name, text, _marks(text, found), decoded)


def _orders(text: str) -> bool:
    return injection.score(injection.look("body", text)) >= injection.FLAG


def _marks(text: str, found: Iterable[Finding]) -> list[Mark]:
    """One mark for findings that overlap: their whole stretch, with each reason once."""
    merged: list[list[Finding]] = []
    for finding in sorted((f for f in found if f.end - f.start < len(text) or len(text) < 400), key=lambda f: (f.start, f.end)):
        if merged and finding.start < max(f.end for f in merged[-1]):
            merged[-1].append(finding)
        else:
            merged.append([finding])
    return [
        Mark(
            group[0].start, max(f.end for f in group), _sentence(group), max(f.weight for f in group) >= injection.BLOCK
        )
        for group in merged
    ]  # fmt: skip


def _sentence(group: list[Finding]) -> str:
    whys = dict.fromkeys(f.why for f in sorted(group, key=lambda f: -f.weight))
    return "; ".join(list(whys)[:3]).capitalize() + "."


# ---- what of it got into the draft ------------------------------------------------------------------------


def _said(letters: Iterable[Letter]) -> str:
    return "\n".join(letter.message.body for letter in letters if letter.message.direction == "in")


def _echoes(draft: Draft, found: XRay, said: str) -> list[Echo]:
    """Sentences that say more of what is suspicious than of the rest of the message and of the passages they stand on."""
    sources = list(dict.fromkeys(_suspicious(found)))
    rest = said
    for source in sources:
        rest = rest.replace(source, " ")
    backing = rest + " " + " ".join(str(citation.get("text") or "") for citation in draft.citations)
    sentences = [str(sentence.get("text") or "") for sentence in draft.sentences if sentence.get("kind") != "courtesy"]
    near = _nearness(sentences, sources) if sentences and sources else None
    echoes = []
    for row, sentence in enumerate(sentences):
        shares = [_share(sentence, source) for source in sources]
        scores = [share + (SHARED if near is not None and near[row][n] >= NEAR else 0.0) for n, share in enumerate(shares)]
        if scores and max(scores) >= SHARED and max(shares) > 0 and max(scores) > _share(sentence, backing):
            echoes.append(Echo(sentence, sources[scores.index(max(scores))]))
    return echoes


def _suspicious(found: XRay) -> Iterator[str]:
    for part in found.parts:
        yield from (part.text[mark.start : mark.end] for mark in part.marks)
        yield from (text for _, text in part.decoded)
        if part.name == HIDDEN:
            yield part.text[:_EXCERPT]


def _share(sentence: str, source: str) -> float:
    """How much of the sentence's content, weighted, stands in the source: 0 to 1."""
    words, there = content(sentence), content(source)
    total = sum(words.values())
    return sum(weight for word, weight in words.items() if word in there) / total if total else 0.0


def _nearness(sentences: list[str], sources: list[str]) -> list[list[float]] | None:
    """Cosine of each sentence with each source; None without an embedder."""
    try:
        ours, theirs = embedder().encode(sentences[:20]), embedder().encode([source[:600] for source in sources[:8]])
    except EmbedderUnavailable:
        return None
    near = np.full((len(sentences), len(sources)), -1.0)
    near[: len(ours), : len(theirs)] = ours @ theirs.T
    rows: list[list[float]] = near.tolist()
    return rows


def pieces(text: str, marks: list[Mark]) -> Iterator[tuple[str, Mark | None]]:
    """The text cut at its marks, in order."""
    edges = [0, *(edge for mark in marks for edge in (mark.start, mark.end)), len(text)]
    for number, (start, end) in enumerate(pairwise(edges)):
        if start < end:
            yield text[start:end], marks[number // 2] if number % 2 else None
