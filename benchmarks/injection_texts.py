"""What the injection detector learns from: labelled fragments, of the evaluation sets and of our own writing.

A fragment is a sentence or a few. `order` is what tells a machine what to do, `task` a task that any language model is
given and no support desk, `plain` everything else. A mail with an attack in it is taken apart into attack and carrier, so
that either can be left out by itself.
"""

import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from triage.guardrails.grams import sentences

OWN = Path(__file__).parent / "phrases"
MAILS = Path(__file__).parents[1] / "tests" / "attacks"

_FROM_A_CARRIER = 8  # fragments of one message
_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_TO_THE_READER = re.compile(r"\b(your|the) (\w+ )?(answer|reply|response|output)|\bresponse's\b", re.IGNORECASE)
_PER_WORDING = {"orders": 24, "tasks": 16, "harmless": 20, "ordinary": 40}
_GENERAL = {
    "translate", "definition", "fun_fact", "tell_joke", "calculator", "weather", "spelling", "recipe", "synonyms", "meaning_of_life",
    "flip_coin", "roll_dice", "time", "date", "alarm", "timer", "reminder", "play_music", "restaurant_suggestion", "travel_suggestion",
    "what_is_your_name", "how_old_are_you", "what_are_your_hobbies", "where_are_you_from", "movie", "todo_list", "measurement_conversion",
    "nutrition_info", "calories", "book_hotel", "restaurant_reservation", "distance", "timezone", "calendar", "smart_home", "meeting_schedule",
}  # fmt: skip


@dataclass(frozen=True)
class Fragment:
    """`group` is what must not be both learned from and tested on; empty for texts that no test has. `weight` of its loss."""

    text: str
    label: str
    group: str = ""
    source: str = "own"
    weight: float = 1.0


@dataclass(frozen=True)
class Case:
    """A labelled message of the evaluation set, and the groups that its wording and its carrier belong to."""

    subject: str
    body: str
    attack: bool
    source: str
    kind: str
    group: str
    groups: frozenset[str]
    context_dependent: bool = False


# ---- the evaluation set -----------------------------------------------------------------------------------


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for file in sorted(folder.glob("injection/injection*.jsonl")) for row in read_lines(file)]


def cases(folder: Path) -> list[Case]:
    made = []
    for row in rows(folder):
        subject, body = _text(row)
        attack = row["label"] == "injection"
        wording, carrier = _wording(row), _carrier(row)
        groups = frozenset(group for group in (wording, carrier) if group)
        made.append(
            Case(
                subject, body, attack, row["source"], row["kind"], wording or carrier, groups, bool(row.get("context_dependent"))
            )
        )
    return made


def _wording(row: dict[str, Any]) -> str:
    """The family of attacks: all wordings of one kind and source, translations too."""
    if row["label"] != "injection":
        return ""
    return f"attack {row['source'].split('+')[0].removesuffix('-mt')} {row.get('attack_category')}"


def _carrier(row: dict[str, Any]) -> str:
    if row["source"] == "bipia":  # the first letters of the mail or table, wherever the attack stands in it
        body = _without(_text(row)[1], row.get("attack") or "")
        return f"carrier bipia {re.sub(r'[^a-z]', '', body.lower())[:40]}"
    if row.get("carrier") or row.get("source_url"):
        return f"carrier {row.get('carrier') or row.get('source_url')}"
    return "" if row["label"] == "injection" else f"benign {row['id']}"


def of_cases(folder: Path) -> Iterator[Fragment]:
    """The fragments of every row that a text alone can be judged by, each once."""
    return iter(dict.fromkeys(_fragments(folder)))


def _fragments(folder: Path) -> Iterator[Fragment]:
    for row in rows(folder):
        subject, body = _text(row)
        attack, source = row.get("attack") or "", row["source"]
        if row["label"] == "injection" and not row.get("context_dependent"):
            order = source != "bipia" or _TO_THE_READER.search(attack) or row["attack_category"] in ("Persuasion", "Instruction")
            yield Fragment(attack or body, "order" if order else "task", _wording(row), source, 1.0)
        if attack and attack in body:
            yield from _split(f"{subject}\n{_without(body, attack)}", _carrier(row), source)
        elif row["label"] == "benign":
            yield from _split(f"{subject}\n{body}", _carrier(row), source)


def _without(body: str, attack: str) -> str:
    return body.replace(attack, "\n") if attack else body


def _split(text: str, group: str, source: str) -> Iterator[Fragment]:
    parts = pieces_of(text)
    for piece in random.Random(text).sample(parts, min(_FROM_A_CARRIER, len(parts))):
        yield Fragment(piece, "plain", group, source)


def pieces_of(text: str) -> list[str]:
    """Its sentences, and each two that follow one another, as the detector will see them."""
    places = sentences(text)
    single = [text[start:end] for start, end in places]
    pairs = [text[a[0] : b[1]] for a, b in pairwise(places)]
    return [piece for piece in dict.fromkeys([*single, *pairs[::2]]) if len(piece) >= 8]


# ---- other sets of the folder: ordinary messages ----------------------------------------------------------


def ordinary(folder: Path, known: Iterable[Case], most: int = 800) -> Iterator[Fragment]:
    """Messages and articles that attack nobody, at most so many of each set; posts of the evaluation set are left out."""
    posts = {number for case in known for group in case.groups for number in re.findall(r"/questions/(\d+)", group)}
    dice = random.Random(3)
    for name in (
        "classification/banking77*", "classification/bitext_cs*", "classification/dstc11*", "classification/thunderbird*",
        "classification/clinc150*", "retrieval/thunderbird_solved/queries*", "retrieval/thunderbird_solved/corpus*",
        "retrieval/webapps_faq/*", "kb/abcd_guidelines*", "pii/*", "groundedness/summedits_sales_*", "groundedness/halueval*",
    ):  # fmt: skip
        taken: list[tuple[str, str]] = []
        for file in sorted(folder.glob(f"{name}.jsonl")):
            for row in read_lines(file):
                if re.sub(r"\D", "", str(row.get("id"))) in posts:
                    continue
                taken += [(text, _label(row, file)) for text in _texts(row)]
        for text, label in dice.sample(taken, min(most, len(taken))):
            parts = pieces_of(text)
            for piece in dice.sample(parts, min(3, len(parts))):
                yield Fragment(piece, label, "", "ordinary", 0.6)


def _label(row: dict[str, Any], file: Path) -> str:
    general = file.name.startswith("halueval") or ("clinc" in file.name and row.get("label") in _GENERAL)
    return "task" if general else "plain"


def _texts(row: dict[str, Any]) -> list[str]:
    if "question" in row:  # grounding sets: the mail that is summarised, or a question of general knowledge
        documents = [passage["text"] for passage in row.get("context", [])]
        return documents if row["question"].startswith("Summarise") else [row["question"]]
    subject, body = _text(row)
    return [f"{subject}\n{body}".strip()]


# ---- our own ----------------------------------------------------------------------------------------------


def own() -> Iterator[Fragment]:
    """Our wordings, drawn from their patterns, and our corpora of attack mails and hard negatives."""
    dice = random.Random(5)
    for name, label in (("orders", "order"), ("tasks", "task"), ("harmless", "plain"), ("ordinary", "plain")):
        for line in (OWN / f"{name}.txt").read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                drawn = {_drawn(line, dice) for _ in range(_PER_WORDING[name])}
                yield from (Fragment(text, label, weight=0.5) for text in sorted(drawn))
    for attack in yaml.safe_load((MAILS / "attacks.yaml").read_text("utf-8")):
        yield Fragment(attack["text"], "order")
    for mail in yaml.safe_load((MAILS / "mails.yaml").read_text("utf-8")):
        yield Fragment(mail["attack"], "order")
    for text in yaml.safe_load((MAILS / "benign.yaml").read_text("utf-8")):
        yield from (Fragment(piece, "plain", weight=2.0) for piece in pieces_of(text))


def _drawn(line: str, dice: random.Random) -> str:
    text = _CHOICE.sub(lambda choice: dice.choice(choice.group(1).split("|")), line)
    text = re.sub(r" +([,.;!?])", r"\1", re.sub(" +", " ", text)).strip()
    shape = dice.random()
    return text.upper() if shape < 0.04 else text[:1].lower() + text[1:].rstrip(".") if shape < 0.12 else text


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line.strip()]


def _text(row: dict[str, Any]) -> tuple[str, str]:
    text = row["text"]
    if isinstance(text, str):
        return str(row.get("title") or ""), text
    return text.get("subject") or "", text["body"]
