"""The answer to a question: part by part the article that supports it best, and what to quote of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from triage.briefs import Evidence
from triage.llm.offline.compose import Quote, compose
from triage.llm.offline.passages import Block, Unit, parsed
from triage.llm.offline.questions import facets
from triage.llm.offline.shelf import Asked, Shelf

_NEARLY, _CLEARLY = 0.3, 0.5
ENOUGH = 0.43  # support below which a question counts as unanswered


@dataclass(frozen=True)
class Answer:
    """The quotable answer to one question: `before` and `after` frame the `steps`, all may be empty."""

    question: str
    support: float
    before: tuple[Unit, ...] = ()
    steps: tuple[Unit, ...] = ()
    after: tuple[Unit, ...] = ()
    led: bool = False  # the steps need no words of ours before them
    open: tuple[str, ...] = ()  # parts of the question that stay unanswered
    beside: frozenset[str] = frozenset()  # articles that nearly answer: who quotes them anyway leaves nothing open

    @property
    def units(self) -> tuple[Unit, ...]:
        return (*self.before, *self.steps, *self.after)


def answer(
    question: str, shelf: Shelf, *, subject: str = "", context: str = "", force: bool = False, terse: bool = False
) -> Answer:
    """The best answer the passages give; no units when the support is below ENOUGH (unless `force`).

    `subject` and `context` are the message around it: they name the product or code that a question may leave
    out. `terse` gives steps only to who asks how.
    """
    parts = [Asked(part, question, subject, context) for part in facets(question)]
    whole = _best(shelf.supports(Asked(question, question, subject, context)), shelf) if len(parts) > 1 else frozenset()
    found = [_answer_part(part, shelf, whole, force=force, terse=terse) for part in parts]
    told = [one for one in found if one.units]
    if not told:
        return Answer(question, max((one.support for one in found), default=0.0))
    quoted = {unit.passage.rpartition("#")[0] for one in told for unit in one.units}
    left = tuple(
        part.text for part, one in zip(parts, found, strict=True) if part.apart and not one.units and not one.beside & quoted
    )
    return replace(_joined(question, told), open=left)


def _best(supports: Sequence[float], shelf: Shelf) -> frozenset[str]:
    """The article that fits best."""
    ranked = sorted(zip(supports, shelf.passages, strict=True), key=lambda pair: -pair[0])
    return frozenset(list(dict.fromkeys(passage.article for _, passage in ranked))[:1])


def _answer_part(asked: Asked, shelf: Shelf, whole: frozenset[str], *, force: bool, terse: bool) -> Answer:
    """`whole` names the article that fits the whole question: others must fit its part clearly."""
    ranked = sorted(zip(shelf.supports(asked), shelf.passages, strict=True), key=lambda pair: -pair[0])
    enough = _CLEARLY if ranked and whole and ranked[0][1].article not in whole else ENOUGH
    if not ranked or (ranked[0][0] < enough and not force):
        beside = frozenset(passage.id.rpartition("#")[0] for support, passage in ranked[:2] if support >= _NEARLY)
        return Answer(asked.text, ranked[0][0] if ranked else 0.0, beside=beside)
    best, top = ranked[0]
    near = [passage for support, passage in ranked if passage.article == top.article and support >= 0.85 * best]
    blocks = [block for passage in _in_order(near) for block in parsed(passage) if block.units]
    if not any(unit.opening for block in blocks for unit in block.units):
        blocks = _opening([passage for _, passage in ranked if passage.article == top.article]) + blocks
    quote = compose(asked, blocks, shelf, terse=terse)
    return Answer(asked.text, best, quote.before, quote.steps, quote.after, quote.led)


def _opening(passages: Sequence[Evidence]) -> list[Block]:
    """The sentence an article opens with, as one like any other: what answers stands further down."""
    units = [unit for passage in passages for block in parsed(passage) for unit in block.units if unit.opening]
    return [Block("", False, [replace(unit, opening=False) for unit in units[:1]])] if units else []


def _joined(question: str, told: Sequence[Answer]) -> Answer:
    """The answers to the parts as one, nothing twice, with the steps of the first that has some."""
    stepped = next((n for n, one in enumerate(told) if one.steps), len(told))
    quote = told[stepped] if stepped < len(told) else Quote()
    before = _once([unit for one in told[: stepped + 1] for unit in one.before], quote.steps)
    late = [unit for one in told[stepped:] for unit in one.after] + [unit for one in told[stepped + 1 :] for unit in one.before]
    after = _once(late, (*quote.steps, *before))
    return Answer(question, max(one.support for one in told), before, quote.steps, after, quote.led)


def _once(units: Iterable[Unit], besides: Sequence[Unit]) -> tuple[Unit, ...]:
    seen = {unit.text for unit in besides}
    return tuple({unit.text: unit for unit in units if unit.text not in seen}.values())


def _in_order(passages: Sequence[Evidence]) -> list[Evidence]:
    return sorted(passages, key=lambda passage: int(number) if (number := passage.id.rpartition("#")[2]).isdigit() else 0)
