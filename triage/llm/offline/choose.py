"""Which sentences of which passages answer a question: term weights, headings, error codes, kinds of question."""

import math
from dataclasses import dataclass, field

from triage.briefs import Evidence
from triage.llm.offline.passages import Block, Unit, parsed
from triage.llm.offline.text import codes, says, stems, words

Asked = dict[str, float]  # the stems of a question, 1 for its own, less for those of the message around it
SUBJECT, AROUND = 0.6, 0.25
UNSEEN = 1.4  # weight of a word that no passage has: customers say much that no article could
ENOUGH = 0.42  # support below which a question counts as unanswered
MOST = 5


@dataclass(frozen=True)
class Answer:
    """The quotable answer to one question: `before` and `after` frame the `steps`, all may be empty."""

    question: str
    support: float
    before: tuple[Unit, ...] = ()
    steps: tuple[Unit, ...] = ()
    after: tuple[Unit, ...] = ()

    @property
    def units(self) -> tuple[Unit, ...]:
        return (*self.before, *self.steps, *self.after)


@dataclass
class Shelf:
    """The passages one may quote from, with the weight of each term among them."""

    passages: list[Evidence]
    weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.terms = {passage.id: stems(f"{passage.title} {passage.heading} {passage.text}") for passage in self.passages}
        seen: dict[str, int] = {}
        for terms in self.terms.values():
            for term in terms:
                seen[term] = seen.get(term, 0) + 1
        self.weights = {term: math.log(1 + len(self.passages) / count) for term, count in seen.items()}

    def weight(self, term: str) -> float:
        return self.weights.get(term, UNSEEN) * (1.6 if any(char.isdigit() for char in term) else 1.0)

    def coverage(self, asked: Asked, terms: frozenset[str]) -> float:
        """The share of the question's weight that `terms` cover, 0 to 1."""
        total = sum(self.weight(term) * share for term, share in asked.items())
        return sum(self.weight(term) * share for term, share in asked.items() if term in terms) / total if total else 0.0


def answer(
    question: str, shelf: Shelf, *, subject: str = "", context: str = "", force: bool = False, terse: bool = False
) -> Answer:
    """The best answer the passages give; no units when their support is below ENOUGH (unless `force`).

    `subject` and `context` are the message around it: they name the product or code that a question may leave
    out. `terse` gives steps only to who asks how.
    """
    asked = _asked(question, subject, context)
    ranked = sorted(((_support(asked, question, passage, shelf, f"{subject} {context}"), passage) for passage in shelf.passages), key=lambda pair: -pair[0])
    if not ranked or (ranked[0][0] < ENOUGH and not force):
        return Answer(question, ranked[0][0] if ranked else 0.0)
    best, top = ranked[0]
    near = [passage for support, passage in ranked if passage.article == top.article and support >= 0.6 * best]
    return _compose(question, asked, best, sorted(near, key=lambda passage: _ordinal(passage.id)), shelf, terse)


def _asked(question: str, subject: str, context: str) -> Asked:
    around = stems(context)
    share = AROUND * min(1.0, 12 / (len(around) or 1))  # a long story must not drown its question
    return dict.fromkeys(around, share) | dict.fromkeys(stems(subject), SUBJECT) | dict.fromkeys(stems(question), 1.0)


def _support(asked: Asked, question: str, passage: Evidence, shelf: Shelf, context: str) -> float:
    """How well a passage answers: its search score, the question's terms in it, codes that agree."""
    covered = shelf.coverage(asked, shelf.terms[passage.id])
    titled = shelf.coverage(asked, stems(f"{passage.title} {passage.heading}"))
    meaning = (0.55 if passage.language == "en" else 0.3) * min(1.0, passage.score)  # the bundled embedder reads English
    support = 0.4 * covered + 0.25 * titled + meaning
    wanted, titles, named = codes(question) or codes(context), codes(f"{passage.title} {passage.heading}"), codes(passage.text)
    if wanted and (titles or named):
        support += 0.3 if wanted & titles else 0.15 if wanted & named else -0.2
    if not wanted & (titles | named) and _thin(stems(question) & shelf.terms[passage.id], covered, titled, passage):
        support = min(support, ENOUGH - 0.05)
    return max(0.0, min(1.0, support))


def _thin(shared: frozenset[str], covered: float, titled: float, passage: Evidence) -> bool:
    """Whether the likeness rests on a word or two in passing: then it is no answer, however high the score."""
    if not shared:
        return True
    foreign = passage.language != "en"
    if titled < 0.2 and len(shared) < 3 and (foreign or passage.score < 0.5):
        return True
    return covered < (0.45 if foreign else 0.1)


def _compose(question: str, asked: Asked, support: float, passages: list[Evidence], shelf: Shelf, terse: bool) -> Answer:
    every = [(passage, block) for passage in passages for block in parsed(passage)]
    scored = [(_block_score(asked, block, shelf), block) for _, block in every if block.units]
    listed = [(score + 0.05, block) for score, block in scored if block.steps and len(block.units) > 1]
    telling = max((score for score, _ in scored), default=0.0)
    steps: tuple[Unit, ...] = ()
    if listed and _wants_steps(question, terse):
        score, block = max(listed, key=lambda pair: pair[0])
        if score >= 0.55 * telling:
            steps = tuple(block.units[:9])
    picked = _sentences(question, asked, [block for _, block in scored if not block.steps], shelf, 2 if steps else 4)
    if not picked and not steps:
        picked = _sentences(question, asked, [block for _, block in scored], shelf, 4)
    if not steps:
        return Answer(question, support, before=tuple(picked))
    order = {unit.passage: n for n, unit in enumerate(dict.fromkeys(unit for _, block in scored for unit in block.units))}
    first = steps[0]
    before = [unit for unit in picked if unit.opening or (order[unit.passage], unit.position) < (order[first.passage], first.position)]
    return Answer(question, support, tuple(before), steps, tuple(unit for unit in picked if unit not in before))


def _block_score(asked: Asked, block: Block, shelf: Shelf) -> float:
    terms = frozenset().union(*(stems(unit.text) for unit in block.units))
    return 0.6 * shelf.coverage(asked, stems(block.heading)) + shelf.coverage(asked, terms)


def _sentences(question: str, asked: Asked, blocks: list[Block], shelf: Shelf, most: int) -> list[Unit]:
    """The sentences that answer, best first until the question is covered, then in the order of the article."""
    counts = says("asking", "quantity", question)
    scored: list[tuple[float, Unit]] = []
    for block in blocks:
        heading = shelf.coverage(asked, stems(block.heading))
        for unit in block.units:
            score = shelf.coverage(asked, stems(unit.text)) + 0.35 * heading + 0.3 * unit.opening
            score += 0.15 * (counts and any(char.isdigit() for char in unit.text))
            score -= 0.25 * unit.text.endswith((":", "?")) + 0.1 * (len(words(unit.text)) < 5)
            scored.append((score, unit))
    if not scored:
        return []
    best = max(score for score, _ in scored)
    kept = sorted((pair for pair in scored if pair[0] >= max(0.12, 0.5 * best)), key=lambda pair: -pair[0])[:most]
    chosen = {unit for _, unit in kept}
    return _with_company([unit for _, unit in scored if unit in chosen], blocks)


def _with_company(units: list[Unit], blocks: list[Block]) -> list[Unit]:
    """A sentence that leans on the one before it (This, It, Otherwise …) brings it along."""
    before = {block.units[n]: block.units[n - 1] for block in blocks for n in range(1, len(block.units))}
    found: list[Unit] = []
    for unit in units:
        leans = says("asking", "leaning", unit.text)
        if leans and unit in before and before[unit] not in found:
            found.append(before[unit])
        if unit not in found:
            found.append(unit)
    return found[:MOST]


def _wants_steps(question: str, terse: bool) -> bool:
    if terse:
        return says("asking", "how", question)
    return says("asking", "howto", question) or (not says("asking", "quantity", question) and says("asking", "broken", question)) or bool(codes(question))


def _ordinal(passage: str) -> int:
    _, _, number = passage.rpartition("#")
    return int(number) if number.isdigit() else 0
