"""Finding a burst among other tickets: simulated half days, drawn from labelled requests of four fields.

One window holds a burst of six requests of one label among requests of others, at most two of each. Counted is whether
a group of three and more is found that is mostly the burst, how many of its members are in it and how many strangers,
and groups of other tickets. No categories are given (the worst case). The threshold is that of the knowledge gaps' groups
(benchmarks/gaps.py fitted it on labelled requests of three fields); nothing was fitted here. Labels are not incidents: those
of thunderbird_topics are wide ("crashes"), and six of one are six matters more often than one. The last row tells what an
arriving ticket costs.
"""

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.trust.table import Row, at_least, at_most
from knowledge_base.embedding import Vectors, embedder
from triage.incidents.finding import MANY, group
from triage.incidents.matter import matter
from triage.incidents.seen import Seen
from triage.incidents.watch import Watch
from triage.models import now

SETS = ("banking77", "thunderbird_topics", "dstc11_insurance", "bitext_cs")
WINDOWS, BURST, OTHERS, OF_EACH = 60, 6, 40, 2
_OF_A_LABEL = 24  # texts of one label that windows are drawn from
_NO_FIELD: Vectors = np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Found:
    """Means over the windows; `strange` are groups of other tickets in one window, `many` those that are proposed without a burst."""

    bursts: float
    recall: float
    precision: float
    strange: float
    many: float


def measure(folder: Path) -> Iterable[Row]:
    """Rows of the table; `folder` holds classification/NAME.dev.jsonl."""
    for name in SETS:
        path = folder / "classification" / f"{name}.dev.jsonl"
        if not path.is_file():
            continue
        found = windows(_by_label(path))
        how = f"{WINDOWS} windows of {name}" + (", wide topics" if name == "thunderbird_topics" else "")
        yield at_least("bursts of six found", found.bursts, 0.85, how)
        yield Row("… members found", f"{found.recall:.3f}", how=how)
        yield at_least("… members that belong", found.precision, 0.9, how)
        yield Row("other groups of three and more a window", f"{found.strange:.2f}", how=f"{how}; proposed only in a burst")
        yield at_most("other groups of five and more a window", found.many, 0.2, how)
    yield from _cost()


def windows(texts: dict[str, list[tuple[str, Vectors]]], seed: int = 7) -> Found:
    """Draw windows and find their bursts; `texts` are those of each label with their vectors (d,)."""
    dice = random.Random(seed)
    labels = sorted(label for label, known in texts.items() if len(known) >= BURST)
    bursts, recalls, precisions, strange, many = [], [], [], 0, 0
    for _ in range(WINDOWS):
        label = dice.choice(labels)
        chosen = [(label, one) for one in dice.sample(texts[label], BURST)]
        rest = [
            (other, one)
            for other in texts
            if other != label
            for one in dice.sample(texts[other], min(OF_EACH, len(texts[other])))
        ]
        chosen += dice.sample(rest, min(OTHERS, len(rest)))
        dice.shuffle(chosen)
        seen = [Seen(n, "", text, f"c{n}", "", frozenset(), now()) for n, (_, (text, _)) in enumerate(chosen)]
        groups = group(seen, {n: vector for n, (_, (_, vector)) in enumerate(chosen)}, _NO_FIELD)
        shares = [(sum(chosen[one.id][0] == label for one in members), len(members)) for members in groups]
        best = max(shares, default=(0, 1))
        hit = best[0] >= 3 and 2 * best[0] > best[1]
        bursts.append(hit)
        strange += sum(2 * own <= size for own, size in shares)
        many += sum(2 * own <= size and size >= MANY for own, size in shares)
        if hit:
            recalls.append(best[0] / BURST)
            precisions.append(best[0] / best[1])
    return Found(
        float(np.mean(bursts)),
        float(np.mean(recalls or [0])),
        float(np.mean(precisions or [0])),
        strange / WINDOWS,
        many / WINDOWS,
    )


def _by_label(path: Path) -> dict[str, list[tuple[str, Vectors]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        text, label = row["text"], row["label"]
        said = f"{text.get('subject') or ''}\n{text.get('body') or ''}" if isinstance(text, dict) else str(text)
        if row.get("lang", "en") == "en" and len(found[label]) < _OF_A_LABEL:
            found[label].append(matter(said.strip()))
    encoder = embedder()
    return {label: list(zip(texts, encoder.encode(texts), strict=True)) for label, texts in found.items()}


def _cost(tickets: int = 2_000) -> Iterable[Row]:
    """CPU of `Watch` for one ticket whose run has embedded it, beside 512 others."""
    dice = np.random.default_rng(7)

    class Remembered:
        name = "remembered"
        vectors = dice.normal(size=(tickets, 384)).astype(np.float32)

        def encode(self, texts: list[str]) -> Vectors:
            return self.vectors[[int(text) for text in texts]]

    watch = Watch(Remembered())
    began = time.process_time()
    for number in range(tickets):
        watch.heard(number, str(number))
        watch.arrived(number, f"c{number}@customer.example")
    spent = (time.process_time() - began) * 1000 / tickets
    yield Row("a ticket's arrival, CPU", f"{spent:.3f} ms", "≤ 0.2 ms", spent <= 0.2, f"{tickets:,} tickets")
