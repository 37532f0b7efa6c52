"""Fit the tagger of names and places: `python -m benchmarks.personal_fit --data FOLDER [--write]`.

FOLDER (default: TRIAGE_DATA) holds pii/*.jsonl (texts with the places of personal data) and classification/*.jsonl (plain
requests). Learned from: sentences made from our own templates, the labelled texts, and the plain requests as texts without
names. --write fits on everything and replaces triage/guardrails/personal/names.npz.
"""

import argparse
import importlib
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpora import data_folder
from benchmarks.personal_made import TEMPLATES, Example, careless, gazetteer, made
from triage.guardrails.normalise import normalise
from triage.guardrails.personal import formed
from triage.guardrails.personal.names import _TOKEN, BITS, COMMON, LABELS, WEIGHTS, Gazetteer, Seen, Tagger, _run, features, look

_FILLINGS, _EPOCHS, LABELLED = 14, 5, 8  # of each template, passes, and how often a labelled text counts
_FORGOTTEN = 0.35  # the share of features that each lesson goes without, so that none is relied on alone
_EAGER = 4  # taken from the score of "nothing": a name missed is worse than a word too many
_PLAIN = ("banking77", "bitext_cs", "dstc11_insurance")
_MISS, _ALARM = 1.0, 0.3  # what a missed token and a false one cost while fitting: a miss is worse


@dataclass(frozen=True)
class Lesson:
    """A text as the tagger sees it: rows of its table and the right label for each token that is asked about."""

    rows: NDArray[np.int64]
    gold: NDArray[np.int64]
    seen: Seen
    group: str


def labelled(folder: Path) -> list[Example]:
    """The labelled texts, grouped by file and template."""
    examples = []
    for file in sorted((folder / "pii").glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            spans = [(span["start"], span["end"], span["type"]) for span in row["spans"]]
            examples.append(Example(row["text"], spans, f"{file.stem} {row['template_id']}"))
    return examples


def plain(folder: Path, most: int = 700) -> list[str]:
    """Requests without names, from sets that were made or cleaned that way."""
    texts = []
    for name in _PLAIN:
        for file in (folder / "classification").glob(f"{name}*.jsonl"):
            rows = [json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()]
            said = [row if isinstance(row, str) else row.get("body") or "" for row in rows]
            texts += [text for text in said if "{{" not in text and 20 < len(text) < 400][:: max(1, len(said) // most)]
    return texts


def own_texts() -> list[str]:
    """Texts of this project without names: the help centre's articles in every language, and questions of the benchmarks."""
    articles = [part for path in Path("knowledge_base/articles").glob("*.md") for part in path.read_text("utf-8").split("\n\n")]
    asked = [json.loads(line) for line in Path("benchmarks/foreign_questions.jsonl").read_text("utf-8").splitlines()]
    return [
        text
        for text in [*articles, *(str(row.get("question") or row.get("text") or "") for row in asked)]
        if 20 < len(text) < 1_500
    ]


def posts(folder: Path, known: Gazetteer) -> list[str]:
    """Sentences of real requests in all languages, without those that may name somebody."""
    texts = []
    for file in (folder / "classification").glob("thunderbird_topics*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            said = row["text"] if isinstance(row["text"], str) else row["text"].get("body") or ""
            sentences = re.split(r"(?<=[.!?])\s+|\n+", said[:3_000])
            texts += [
                one for one in sentences[: 40 if row["lang"] != "en" else 6] if 25 < len(one) < 400 and not _may_name(one, known)
            ]
    return texts


def _may_name(sentence: str, known: Gazetteer) -> bool:
    words = [match.group().lower() for match in re.finditer(r"(?<=\w\s)[A-ZÀ-Þ][^\W\d_]+", sentence)]
    return any(0 < mark < COMMON for mark in known.of(words)) if words else False


def common_words(folder: Path) -> Counter[str]:
    """Words that stand in small letters in texts about anything, and Faker's everyday words of six languages."""
    counts: Counter[str] = Counter()
    holes = re.sub(r"\{\w+\}|\\\\n", " ", TEMPLATES.read_text("utf-8"))
    posted = [*plain(folder, 10_000), *own_texts(), *posts(folder, Gazetteer(np.array([], np.uint32), np.array([], np.uint8)))]
    for text in posted:
        counts.update(re.findall(r"(?<![\w.@/-])[a-zà-ÿ]{2,}(?![\w.@/-])", text))
    common = Counter({word: count for word, count in counts.items() if count > 2})
    common.update(dict.fromkeys(re.findall(r"(?<![\w{}])[a-zà-ÿ]{2,}(?![\w{}])", holes), 3))
    for where in ("en_US", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL"):
        provider = importlib.import_module(f"faker.providers.lorem.{where}").Provider
        common.update({word.lower(): 3 for word in provider.word_list})
    return common


def lesson(example: Example, known: Gazetteer) -> Lesson | None:
    text = normalise(example.text).text
    if len(text) != len(example.text):
        return None
    for start, end in formed(text):
        text = f"{text[:start]}{chr(0) * (end - start)}{text[end:]}"
    places = [match.span() for match in _TOKEN.finditer(text)]
    seen = look(text, places, known)
    if not seen.asked:
        return None
    gold = [
        next((LABELS.index(kind) for a, b, kind in example.spans if a < end and start < b and kind in LABELS), 0)
        if text[start] != "\0"
        else 0
        for start, end in (places[n] for n in seen.asked)
    ]
    return Lesson(np.array([features(seen, n) for n in seen.asked]), np.array(gold), seen, example.group)


def fit(lessons: Sequence[Lesson], known: Gazetteer, seed: int = 0, epochs: int = _EPOCHS) -> Tagger:
    """An averaged structured perceptron with costs for misses and false alarms (Collins 2002)."""
    size = len(LABELS)
    table, steps = np.zeros((1 << BITS, size), np.float32), np.zeros((size, size), np.float32)
    table_sum, steps_sum = np.zeros_like(table), np.zeros_like(steps)
    dice, order, count = random.Random(seed), list(range(len(lessons))), 0
    chance = np.random.default_rng(seed)
    for _ in range(epochs):
        dice.shuffle(order)
        for number in order:
            one, count = lessons[number], count + 1
            rows = np.where(chance.random(one.rows.shape) < _FORGOTTEN, 0, one.rows)
            table[0] = 0
            scores = table[rows].sum(axis=1)
            costs = np.where(one.gold[:, None] > 0, _MISS, _ALARM) * np.ones((1, size), np.float32)
            costs[np.arange(len(one.gold)), one.gold] = 0
            labels = [0] * (len(one.seen.words) - 4)
            first = 0
            for end in range(1, len(one.seen.asked) + 1):
                if end < len(one.seen.asked) and one.seen.asked[end] == one.seen.asked[end - 1] + 1:
                    continue
                _run((scores + costs)[first:end].astype(np.float32), steps, labels, one.seen.asked[first])
                guess, gold = np.array([labels[n] for n in one.seen.asked[first:end]]), one.gold[first:end]
                if (guess != gold).any():
                    for n in np.flatnonzero(guess != gold):
                        np.add.at(table, (rows[first + n], gold[n]), 1)
                        np.add.at(table, (rows[first + n], guess[n]), -1)
                        np.add.at(table_sum, (rows[first + n], gold[n]), count)
                        np.add.at(table_sum, (rows[first + n], guess[n]), -count)
                    for path, sign in ((gold, 1), (guess, -1)):
                        chain = np.concatenate([[0], path, [0]])
                        np.add.at(steps, (chain[:-1], chain[1:]), sign)
                        np.add.at(steps_sum, (chain[:-1], chain[1:]), sign * count)
                first = end
    table[0] = table_sum[0] = 0
    steps[:, 0] -= _EAGER
    return Tagger(known, (table - table_sum / (count + 1)) * (1 - _FORGOTTEN), steps - steps_sum / (count + 1))


def lessons_of(examples: Sequence[Example], known: Gazetteer) -> list[Lesson]:
    return [one for example in examples if (one := lesson(example, known))]


def ready(folder: Path) -> tuple[Gazetteer, list[Lesson], list[Example]]:
    """The gazetteer, the lessons that no fold leaves out, and the labelled texts."""
    known = gazetteer(common_words(folder))
    dice, texts = random.Random(0), [*plain(folder), *posts(folder, known), *own_texts()]
    headed = [text.title() if dice.random() < 0.7 else text.upper() for text in texts[::20]]
    own = [*made(_FILLINGS), *(careless(Example(text, [], "plain"), dice) for text in [*texts, *headed])]
    return known, lessons_of(own, known), labelled(folder)


def write(tagger: Tagger, path: Path = WEIGHTS) -> None:
    """Only rows that matter, in steps of 1/127 of the largest weight."""
    scale = float(np.abs(tagger.table).max()) / 127
    values = np.round(tagger.table / scale).astype(np.int8)
    rows = np.flatnonzero(values.any(axis=1)).astype(np.uint32)
    np.savez_compressed(
        path,
        rows=rows,
        values=values[rows],
        scale=np.float32(scale),
        steps=tagger.steps.astype(np.float32),
        words=tagger.gazetteer.words,
        marks=tagger.gazetteer.marks,
    )


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, default=None, help="folder of the evaluation sets (default: TRIAGE_DATA)")
    asked.add_argument("--write", action="store_true", help="fit on everything and replace the weights that are shipped")
    arguments = asked.parse_args()
    folder = data_folder(arguments.data)
    if folder is None:
        print("No evaluation sets: set TRIAGE_DATA to their folder, or name it with --data.")
        return
    known, own, texts = ready(folder)
    fitted = fit([*own, *(LABELLED * lessons_of(texts, known))], known)
    if arguments.write:
        write(fitted)
        print(f"{WEIGHTS} written: {WEIGHTS.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
