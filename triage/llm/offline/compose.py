"""From the passages that answer to the sentences that are quoted: whole paragraphs and lists rather than shreds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from triage.llm.offline.meaning import likeness
from triage.llm.offline.passages import Block, Unit
from triage.llm.offline.shelf import Asked, Shelf
from triage.llm.offline.text import codes, says, words

MOST = 4
_RELATED = 0.42  # share of the best sentence's score that its neighbours in the paragraph need
_ALONE = 1.15  # how much better than any paragraph a single step must be to be quoted without its list
_TELLING = 0.6  # … that the opening of the article needs
_STEPS = 0.3  # … that a list needs: its steps are short and seldom repeat the question


@dataclass(frozen=True)
class Quote:
    """What is quoted: `before` and `after` frame the `steps`; `led` when the steps need no words of ours before them."""

    before: tuple[Unit, ...] = ()
    steps: tuple[Unit, ...] = ()
    after: tuple[Unit, ...] = ()
    led: bool = False


def compose(asked: Asked, blocks: list[Block], shelf: Shelf, *, terse: bool) -> Quote:
    """The paragraph that answers best with the article's opening, and a list of steps for who needs one."""
    quote = _quote(asked, blocks, shelf, terse)
    return replace(quote, before=_under_conditions(quote.before, blocks), after=_under_conditions(quote.after, blocks))


def _quote(asked: Asked, blocks: list[Block], shelf: Shelf, terse: bool) -> Quote:
    score = _scores(asked, blocks, shelf)
    best = max(score.values(), default=0.0)
    listed = [block for block in blocks if block.steps and len(block.units) > 1]
    texts = [block for block in blocks if not block.steps]
    steps = _steps(asked, listed, score, best) if listed and _wants_steps(asked, terse) else None
    paragraph = _paragraph(texts, score, best, MOST - 2 if steps else MOST - 1)
    if steps is None and listed:
        single = max((unit for block in listed for unit in block.units), key=lambda unit: score[unit])
        if score[single] > _ALONE * max((score[unit] for unit in paragraph), default=0.0):
            paragraph = [single]
    picked = _with_opening(paragraph, texts, score, best)
    if (
        steps is None
        and listed
        and all(unit.opening for unit in picked)
        and says("asking", "trouble", f"{asked.subject} {asked.full}")
    ):
        steps = _steps(asked, listed, score, 0.0)  # an opening alone does not help with a trouble
    if picked and picked[-1].text.endswith(":"):
        following = blocks[_place(picked[-1], blocks) + 1 :][:1]
        if following and following[0].steps and steps in (None, following[0]):
            return Quote(tuple(picked), tuple(following[0].units[:9]), led=True)
        picked = picked[:-1]
    if steps is None:
        return Quote(tuple(picked))
    first = _place(steps.units[0], blocks)
    before = [unit for unit in picked if unit.opening or _place(unit, blocks) < first]
    return Quote(tuple(before), tuple(steps.units[:9]), tuple(unit for unit in picked if unit not in before))


def _scores(asked: Asked, blocks: list[Block], shelf: Shelf) -> dict[Unit, float]:
    """How well each sentence answers: by itself and under its heading, in meaning, words, codes and numbers."""
    pairs = [(block, unit) for block in blocks for unit in block.units]
    near = likeness(
        asked.queries, [text for block, unit in pairs for text in (unit.text, f"{block.heading}: {unit.text}")], shelf.language
    )
    shares = asked.shares
    own, counts, wanted = shelf.matter(asked.core), says("asking", "quantity", asked.text), codes(f"{asked.subject} {asked.full}")
    scores: dict[Unit, float] = {}
    for n, (_, unit) in enumerate(pairs):
        value = float(shares @ near[:, 2 * n : 2 * n + 2].mean(axis=1)) + 0.35 * shelf.coverage(own, shelf.matter(unit.text))
        value += 0.1 * unit.opening + 0.1 * (counts and any(char.isdigit() for char in unit.text))
        value += 0.35 * bool(wanted & codes(unit.text)) - 0.2 * bool(not wanted and codes(unit.text))
        value -= 0.25 * unit.text.endswith("?") + 0.1 * unit.text.endswith(":") + 0.1 * (len(words(unit.text)) < 5)
        scores[unit] = value
    return scores


def _steps(asked: Asked, listed: list[Block], score: dict[Unit, float], best: float) -> Block | None:
    """The list to give: of the error code asked about where headings name codes, else the nearest."""
    wanted = codes(asked.full) or codes(f"{asked.subject} {asked.context}")
    coded = [block for block in listed if wanted & codes(block.heading)]
    block = max(coded or listed, key=lambda block: max(score[unit] for unit in block.units))
    return block if coded or max(score[unit] for unit in block.units) >= _STEPS * best else None


def _paragraph(blocks: Sequence[Block], score: dict[Unit, float], best: float, most: int) -> list[Unit]:
    """The best sentence with those beside it in its paragraph, as far as they are related; none when all are far off."""
    every = [unit for block in blocks for unit in block.units]
    if not every or max(score[unit] for unit in every) < _RELATED * best:
        return []
    top = max(every, key=lambda unit: score[unit])
    units = next(block.units for block in blocks if top in block.units)
    first = last = units.index(top)
    while last - first + 1 < min(most, len(units)):
        left = score[units[first - 1]] if first else -1.0
        right = score[units[last + 1]] if last + 1 < len(units) else -1.0
        leans = says("asking", "leaning", units[first].text) and left >= 0
        if not leans and len(units) > most and max(left, right) < _RELATED * score[top]:
            break
        if leans or left > right:
            first -= 1
        else:
            last += 1
    return list(units[first : last + 1])


def _under_conditions(units: Sequence[Unit], blocks: Sequence[Block]) -> tuple[Unit, ...]:
    """What stands under a heading such as "If the code stays" is said with it, because it holds only then."""
    told: list[Unit] = []
    last = ""
    for unit in units:
        case = blocks[_place(unit, blocks)].heading.rpartition(" › ")[2]
        conditional = not unit.opening and case != last and says("asking", "condition", case)
        named = case if says("asking", "supposing", case) else f"“{case}”"
        told.append(replace(unit, text=f"{named}: {unit.text}") if conditional else unit)
        last = case
    return tuple(told)


def _with_opening(picked: list[Unit], blocks: Sequence[Block], score: dict[Unit, float], best: float) -> list[Unit]:
    """The article's opening goes first when it says something to the matter."""
    opening = next((unit for block in blocks for unit in block.units if unit.opening), None)
    if opening is None or opening in picked or score[opening] < _TELLING * best:
        return picked
    return [opening, *picked[: MOST - 2]]


def _wants_steps(asked: Asked, terse: bool) -> bool:
    """Whether somebody wants to be led through it: who asks how, or describes a trouble without a narrower question."""
    if says("asking", "quantity", asked.text) and not says("asking", "how", asked.text):
        return False
    if says("asking", "how", asked.text) or says("asking", "remedy", asked.text):
        return True
    narrow = asked.text.rstrip(' "”»)').endswith("?") and not says("asking", "howto", asked.text)
    return (
        not narrow
        and not terse
        and (says("asking", "howto", asked.text) or says("asking", "broken", asked.full) or bool(codes(asked.full)))
    )


def _place(unit: Unit, blocks: Sequence[Block]) -> int:
    return next(n for n, block in enumerate(blocks) if unit in block.units)
