"""Personal data: how much of it is found, what is taken for it, and what that costs.

pii/presidio_synth*.jsonl and pii/support_generated*.jsonl are texts with the places (code points, end exclusive) of
personal data; `not_pii` marks order numbers, versions and the like. Fitted on three quarters of the templates and measured
on the others. A datum counts as found when half of its characters are covered, a place as right when half of it is personal
data: an address may be found in one piece or in three. F2 weighs recall twice: 5PR / (4P + R). The strict figure asks for the same
place and the same type.
"""

import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.personal_fit import LABELLED, fit, lessons_of, ready
from benchmarks.personal_made import Example
from benchmarks.trust.table import Row, at_least, at_most
from triage.guardrails.personal import find, names
from triage.guardrails.personal.cover import redact

_FOLDS = 4
_TARGETS = {"presidio_synth": 0.88, "support_generated": 0.92}
_LETTER = (
    "Hello,\n\nmy order KT-10441 arrived on Monday but the grinder shows error E11 since the update to 4.3.0. I tried to reset it twice. "
    "Please call me on +31 20 555 0134 or write to jo.peters@customer.example. The parcel went to Canal Street 14, 1017 AB Amsterdam.\n\n"
    "My card was charged 249.00 EUR on Tuesday, and again on Friday. Is that a mistake? I would like to have it back.\n\nKind regards,\nJohanna Peters\n"
)  # 400 characters
_HOSTILE = {
    "spaced digits": "1 ",
    "dashed digits": "1-",
    "brackets": "((1",
    "spoken": "x at y dot ",
    "capitals": "Aa ",
    "colons": "a:1:",
    "accounts": "DE12 ",
}

Place = tuple[int, int, str]


def measure(folder: Path) -> Iterable[Row]:
    """Rows for each file with cross-validation by template, the marked negatives, and CPU time."""
    known, own, texts = ready(folder)
    with names.Using(fit(own, known)):
        alone = [[(span.start, span.end, span.kind) for span in find(example.text)] for example in texts]
    found = _unseen(texts, lambda some: names.Using(fit([*own, *(LABELLED * lessons_of(some, known))], known)))
    for name, target in _TARGETS.items():
        rows = [(example, places) for example, places in zip(texts, found, strict=True) if example.group.startswith(name)]
        how = f"{_FOLDS}-fold by template, {len(rows)} rows, {sum(len(example.spans) for example, _ in rows)} data"
        yield at_least(f"{name}: span F2", _f2(rows, _covered), target, how)
        yield Row(f"{name}: span F2, same place and type", f"{_f2(rows, _same):.3f}", how=how)
        without = [(example, places) for example, places in zip(texts, alone, strict=True) if example.group.startswith(name)]
        yield Row(
            f"{name}: span F2, no labelled text learned from", f"{_f2(without, _covered):.3f}", how="templates of our own alone"
        )
        yield Row(f"{name}: characters left uncovered", f"{_left(rows):.3f}", how=how)
    yield _negatives(folder, texts, found)
    yield from _cost()


def _unseen(texts: Sequence[Example], fitted: "Callable[[list[Example]], names.Using]") -> list[list[Place]]:
    """What is found in each text by weights that saw none of its template."""
    groups = sorted({example.group for example in texts})
    random.Random(1).shuffle(groups)
    fold = {group: n % _FOLDS for n, group in enumerate(groups)}
    found: list[list[Place]] = [[] for _ in texts]
    for held_out in range(_FOLDS):
        with fitted([example for example in texts if fold[example.group] != held_out]):
            for n, example in enumerate(texts):
                if fold[example.group] == held_out:
                    found[n] = [(span.start, span.end, span.kind) for span in find(example.text)]
    return found


def _covered(place: Place, others: Sequence[Place]) -> bool:
    """Whether half of the place lies within the others."""
    return 2 * sum(max(0, min(place[1], end) - max(place[0], start)) for start, end, _ in others) >= place[1] - place[0]


def _same(place: Place, others: Sequence[Place]) -> bool:
    return place in others


def _f2(rows: Sequence[tuple[Example, list[Place]]], hit: Callable[[Place, Sequence[Place]], bool]) -> float:
    wanted = [hit(place, places) for example, places in rows for place in example.spans]
    given = [hit(place, example.spans) for example, places in rows for place in places]
    recall, precision = sum(wanted) / max(len(wanted), 1), sum(given) / max(len(given), 1)
    return 5 * precision * recall / (4 * precision + recall or 1)


def _left(rows: Sequence[tuple[Example, list[Place]]]) -> float:
    """The share of personal characters that stay."""
    left = total = 0
    for example, places in rows:
        covered = {n for start, end, _ in places for n in range(start, end)}
        personal = {n for start, end, _ in example.spans for n in range(start, end)}
        left, total = left + len(personal - covered), total + len(personal)
    return left / max(total, 1)


def _negatives(folder: Path, texts: Sequence[Example], found: Sequence[list[Place]]) -> Row:
    """The share of order numbers, amounts, versions and the like of which any character is taken for personal data."""
    marked = {}
    for file in (folder / "pii").glob("*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            marked[row["text"]] = [(span["start"], span["end"]) for span in row.get("not_pii", [])]
    hit = [
        any(start < b and a < end for start, end, _ in places)
        for example, places in zip(texts, found, strict=True)
        for a, b in marked[example.text]
    ]
    return at_most("marked negatives redacted", sum(hit) / max(len(hit), 1), 0.05, f"{len(hit)} places")


def _cost() -> Iterable[Row]:
    """CPU milliseconds with the weights that are shipped."""
    long = (_LETTER * 260)[:100_000]
    find(_LETTER)
    yield at_most("redact a mail of 400 characters", _cpu(lambda: redact(_LETTER[:400]), 100), 2, "CPU", " ms")
    yield at_most("redact 2 kB", _cpu(lambda: redact((_LETTER * 6)[:2_000]), 20), 15, "CPU", " ms")
    yield at_most("redact 100 kB", _cpu(lambda: redact(long), 1), 1_000, "CPU", " ms")
    worst = {what: _cpu(lambda said=said: redact((said * 100_000)[:100_000]), 1) for what, said in _HOSTILE.items()}  # type: ignore[misc]
    slowest = max(worst, key=lambda what: worst[what])
    yield Row("redact 100 kB made to be slow", f"{worst[slowest]:.0f} ms", how=f"CPU, worst of {len(worst)}: {slowest}")


def _cpu(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1_000 / times
