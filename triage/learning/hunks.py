"""What a person changed in a draft, sentence by sentence, and of which class each change is; decided by code.

The classes are those of the metrics: *fact* (what is so), *policy* (what is granted, promised or owed), *tone* (how it is
said) and *format* (the same words, set otherwise). tests/learning/edit_cases.jsonl holds the labelled cases it is measured on.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from rapidfuzz.distance import Levenshtein

from triage.guardrails import courtesy
from triage.guardrails.conflicts import DUTY, LEAVE, NEGATION, PART, WHOLE
from triage.guardrails.exact import names, stated
from triage.guardrails.patterns import fold
from triage.guardrails.promises import PROMISE
from triage.guardrails.stems import stems_in
from triage.library import compare

Kind = Literal["fact", "tone", "policy", "format"]
KINDS: tuple[Kind, ...] = ("policy", "fact", "tone", "format")
"""The weightiest first: what an edit of several classes counts as."""

_SENTENCE = re.compile(r"(?<=[.!?…])[\"”»)]*\s+")
_MARKER = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_PAIRED = 0.6  # normalised token distance up to which two sentences are one that was changed
_MOVES = 2  # fewer sentences than this have no order

_POLICY = re.compile(
    r"\b(refund\w*|reimburs\w*|compensat\w*|goodwill|guarante\w*|promis\w*|entitle\w*|exception\w*|liab\w*|legal\w*|lawyer\w*|law|waive\w*|voucher\w*|discount\w*|"
    r"free of charge|at no cost|credit(?:ed|s)?|cancellation right\w*|terms and conditions|terms|policy|policies|"
    r"erstatt\w*|ruckerstatt\w*|entschadig\w*|kulanz\w*|garantier\w*|versprech\w*|anspruch|ausnahme\w*|haft\w*|rechtlich\w*|gutschein\w*|gutschrift\w*|rabatt\w*|kostenlos\w*|widerruf\w*|agb|"
    r"rembours\w*|indemni\w*|dedommag\w*|garanti(?:r|s|ssons|t)|promet\w*|exception\w*|juridique\w*|remise\w*|gratuit\w*|retractation|"
    r"reembols\w*|indemniz\w*|compens\w*|garantiza\w*|promete\w*|excepcion\w*|descuento\w*|gratis|gratuit\w*|"
    r"terugbeta\w*|vergoed\w*|coulance|garandeer\w*|garanderen|beloof\w*|beloven|uitzondering\w*|korting\w*|tegoed\w*|"
    r"rimbors\w*|risarc\w*|garant(?:iamo|ire)|promett\w*|eccezion\w*|sconto|sconti|buono)\b"
)


@dataclass(frozen=True)
class Hunk:
    """A sentence that was changed, taken out (`after` empty) or put in (`before` empty); `article` is what it cites."""

    kind: Kind
    before: str
    after: str
    article: str = ""


def hunks(
    draft: str, sent: str, sentences: Sequence[Mapping[str, Any]] = (), articles: Mapping[str, str] | None = None
) -> list[Hunk]:
    """What differs between the two texts, in the order of the sent one.

    `sentences` are the draft's rows (text, kind, passages), `articles` the article of each passage.
    """
    old, new = _split(draft), _split(sent)
    pairs, out, put_in = _aligned(old, new)
    found: list[tuple[int, Hunk]] = []
    for before, after in pairs:
        if (kind := classify(before, after, kind=_kind_of(before, sentences))) is not None:
            found.append((new.index(after), Hunk(kind, before, after)))
    known_before, known_after = frozenset(stems_in(draft)), frozenset(stems_in(sent))
    found += [(_place(old, new, text), Hunk(_alone(text, known_after, _kind_of(text, sentences)), text, "")) for text in out]
    found += [(new.index(text), Hunk(_alone(text, known_before, ""), "", text)) for text in put_in]
    found.sort(key=lambda one: one[0])
    made = [hunk for _, hunk in found]
    if not made and _layout(draft) != _layout(sent):
        made = [Hunk("format", _first_line(draft, sent), _first_line(sent, draft))]
    return [replace(hunk, article=_article(hunk, sentences, articles or {})) for hunk in made]


def classify(before: str, after: str, *, kind: str = "") -> Kind | None:
    """The class of a changed sentence; None when it stayed. `kind` is what the writer called it (fact, step, courtesy, question)."""
    if before == after:
        return None
    if _bare(before) == _bare(after):
        return "format"
    out, put_in = _words(before, after)
    if _changed(PROMISE, before, after) or any(_POLICY.search(fold(part)) for part in (*out, *put_in)):
        return "policy"
    if _states_otherwise(before, after):
        return "fact"
    if _courteous(before, kind) and _courteous(after, kind):
        return "tone"
    swapped = _content(out) ^ _content(put_in)
    gone, come = _content(out) - _content(put_in), _content(put_in) - _content(out)
    if not swapped:
        return "tone"
    if kind in ("fact", "step") or (gone and come):
        return "fact" if come or len(gone) > 1 else "tone"
    return "fact" if len(come) > 1 or len(gone) > 2 else "tone"


def main_kind(found: Sequence[Hunk]) -> str:
    """What the edit as a whole counts as; "" when nothing differs."""
    kinds = {hunk.kind for hunk in found}
    return next((kind for kind in KINDS if kind in kinds), "")


def changed_words(before: str, after: str) -> tuple[str, str]:
    """The words that went out and those that came in, each as one stretch; "" where there is none, or where they lie apart."""
    out, put_in = _words(before, after)
    return tuple(parts[0].strip(" ,;:") if len(parts) == 1 else "" for parts in (out, put_in))  # type: ignore[return-value]


# ---- aligning ---------------------------------------------------------------------------------------------


def _split(text: str) -> list[str]:
    lines = (_MARKER.sub("", line) for line in text.splitlines())
    return [piece.strip() for line in lines for piece in _SENTENCE.split(line) if piece.strip()]


def _aligned(old: list[str], new: list[str]) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Pairs of sentences that are one (the same words, or nearly), those only in `old`, and those only in `new`."""
    left, right = Counter(map(_bare, old)), Counter(map(_bare, new))
    both = left & right
    pairs, out = _take(old, new, both)
    put_in = _rest(new, both)
    for before in list(out):
        scored = [(_distance(before, after), n) for n, after in enumerate(put_in)]
        near, place = min(scored, default=(1.0, -1))
        if near <= _PAIRED:
            pairs.append((before, put_in.pop(place)))
            out.remove(before)
    for before, after in _in_its_place(old, new, pairs):
        pairs.append((before, after))
        out.remove(before)
        put_in.remove(after)
    return pairs, out, put_in


def _in_its_place(old: list[str], new: list[str], pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Sentences without a common word of which one took the other's place: each alone between the same two pairs."""
    gone = _between(old, {before: n for n, (before, _) in enumerate(pairs)})
    come = _between(new, {after: n for n, (_, after) in enumerate(pairs)})
    return [(gone[at][0], come[at][0]) for at in gone if len(gone[at]) == len(come.get(at, ())) == 1]


def _between(texts: list[str], paired: Mapping[str, int]) -> dict[tuple[int, int], list[str]]:
    """The sentences that are in no pair, by the pairs before and after them; -1 is an end of the text."""
    found: dict[tuple[int, int], list[str]] = {}
    last, stretch = -1, list[str]()
    for text, pair in [*((text, paired.get(text)) for text in texts), ("", -1)]:
        if pair is None:
            stretch.append(text)
        else:
            found[last, pair] = stretch
            last, stretch = pair, []
    return found


def _take(old: list[str], new: list[str], both: Counter[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Sentences of the same words in their order, and what is left of `old`."""
    waiting: dict[str, list[str]] = {}
    for text in new:
        waiting.setdefault(_bare(text), []).append(text)
    left, pairs, out = both.copy(), [], []
    for text in old:
        mark = _bare(text)
        if left[mark]:
            left[mark] -= 1
            pairs.append((text, waiting[mark].pop(0)))
        else:
            out.append(text)
    return pairs, out


def _rest(new: list[str], both: Counter[str]) -> list[str]:
    left, rest = both.copy(), []
    for text in new:
        if left[_bare(text)]:
            left[_bare(text)] -= 1
        else:
            rest.append(text)
    return rest


def _distance(before: str, after: str) -> float:
    return float(Levenshtein.normalized_distance(fold(before).split(), fold(after).split()))


def _place(old: list[str], new: list[str], text: str) -> int:
    """Where a sentence that is gone would stand: after the last one before it that stayed."""
    known = {_bare(one): n for n, one in enumerate(new)}
    earlier = [known[_bare(one)] for one in old[: old.index(text)] if _bare(one) in known]
    return max(earlier, default=-1)


# ---- classing ---------------------------------------------------------------------------------------------


def _alone(text: str, known: frozenset[str], kind: str) -> Kind:
    """The class of a sentence that was taken out or put in whole; `known` are the stems of the other text."""
    if PROMISE.search(fold(text)) or (_POLICY.search(fold(text)) and not _told(text, known)):
        return "policy"
    if _courteous(text, kind):
        return "tone"
    if _told(text, known):
        return "format"  # a sentence that was cut in two, or two that were joined
    return "fact"


def _told(text: str, known: frozenset[str]) -> bool:
    content = _content([text])
    return bool(content) and content <= known


def _states_otherwise(before: str, after: str) -> bool:
    """Whether figures, dates, names or codes differ, or a negation, a duty or a limit."""
    if stated(before) != stated(after) or _negated(before) != _negated(after):
        return True
    if any(_changed(pattern, before, after) for pattern in (DUTY, LEAVE, WHOLE, PART)) and not _manners(before, after):
        return True
    return set(names(before)) != set(names(after)) and not _manners(before, after)


def _negated(text: str) -> int:
    return len(NEGATION.findall(fold(text)))


def _manners(*texts: str) -> bool:
    return all(_courteous(text, "") for text in texts)


def _courteous(text: str, kind: str) -> bool:
    """Whether a sentence states nothing but good manners."""
    if kind in ("fact", "step") or stated(text):
        return False
    polite, rest = courtesy.parts(text)
    return kind == "courtesy" or (polite > 0 and len(rest) <= 2 + polite)


def _changed(pattern: re.Pattern[str], before: str, after: str) -> bool:
    return bool(pattern.search(fold(before))) != bool(pattern.search(fold(after)))


def _content(parts: Sequence[str]) -> frozenset[str]:
    return frozenset().union(*(courtesy.said(part) for part in parts))


def _words(before: str, after: str) -> tuple[list[str], list[str]]:
    pieces = compare.words(before, after)
    return [p.text for p in pieces if p.kind == "out"], [p.text for p in pieces if p.kind == "in"]


def _kind_of(text: str, sentences: Sequence[Mapping[str, Any]]) -> str:
    row = _row(text, sentences)
    return str(row.get("kind", "")) if row else ""


def _row(text: str, sentences: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    mark = _bare(text)
    same = [row for row in sentences if mark and mark in _bare(str(row.get("text", "")))]
    return same[0] if same else None


def _article(hunk: Hunk, sentences: Sequence[Mapping[str, Any]], articles: Mapping[str, str]) -> str:
    row = _row(hunk.before, sentences) if hunk.before else None
    passages: Any = (row.get("passages") if row else None) or []
    return next((articles[str(passage)] for passage in passages if str(passage) in articles), "")


def _bare(text: str) -> str:
    """The letters and figures alone."""
    return re.sub(r"[\W_]+", "", fold(text))


def _layout(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _first_line(text: str, other: str) -> str:
    """The first line that the other text does not have at its place."""
    lines, others = _layout(text), _layout(other)
    return next((line for n, line in enumerate(lines) if line and (n >= len(others) or others[n] != line)), "")
