"""What gaps and findings cost, and how well questions are grouped.

    python -m benchmarks.gaps [--tickets 20000] [--passages 10000] [--labelled FILE.jsonl ...]

A desk with that many tickets that ended without support: the first look (everything embedded), a second one (nothing
new) and one after a hundred more. Then that many passages held against each other, and ten of their articles against
all. Each labelled file (JSONL of text, label) is grouped, and the groups are held against the labels by B-cubed
precision, recall and F1 (Bagga and Baldwin, 1998).
"""

import argparse
import json
import resource
import tempfile
import time
from collections import Counter
from datetime import timedelta
from itertools import islice, product
from pathlib import Path

import numpy as np
from sqlalchemy import Table, insert
from sqlmodel import func, select

from knowledge_base.clusters import stars
from knowledge_base.consistency import Piece, conflicts
from knowledge_base.embedding import embedder
from triage.improving import grouping
from triage.models import Episode, Gap, Message, Status, Ticket, now
from triage.office import Desk, open_desk, use
from triage.settings import load_settings

_ACTIONS = (
    "clean",
    "repair",
    "replace",
    "order",
    "return",
    "send back",
    "register",
    "insure",
    "upgrade",
    "sell",
    "rent",
    "ship",
    "pair",
    "reset",
    "mute",
    "paint",
)
_THINGS = (
    "kettle",
    "grinder",
    "filter",
    "lamp",
    "bicycle",
    "invoice",
    "warranty",
    "battery",
    "router",
    "tent",
    "violin",
    "passport",
    "saddle",
    "boiler",
    "curtain",
    "drone",
)
_FORMS = (
    "How do I {} my {}?",
    "Can you tell me how to {} the {} {}?",
    "I want to {} a {} {}, what now?",
    "Is it possible to {} the {} {}?",
    "{} {} {} please",
)
_WHERE = ("", "at home", "from abroad", "this week", "for my mother", "as a company", "a second time", "without the app", "in winter", "with a voucher")  # fmt: skip


def questions(count: int) -> list[str]:
    """Invented questions about 256 matters in 50 wordings."""
    made = (
        f"{form.replace('{}', '%s', 2) % (action, thing)} {where}".replace(" {}", "").strip()
        for form, where, action, thing in product(_FORMS, _WHERE, _ACTIONS, _THINGS)
    )
    texts = list(islice(made, count))
    return [texts[n % len(texts)] if n < len(texts) else f"{texts[n % len(texts)]} ({n})" for n in range(count)]


def fill(desk: Desk, texts: list[str], first: int) -> None:
    """Tickets that were escalated because nothing answered them."""
    moment = now()
    tickets, episodes, messages = [], [], []
    for number, text in enumerate(texts, first):
        at = moment - timedelta(minutes=5 * (number % 20_000))
        tickets.append(
            Ticket(id=number, subject=text[:60], status=Status.ESCALATED, language="en", episode_id=number, created_at=at)
        )
        episodes.append(Episode(id=number, ticket_id=number, started_at=at, escalation_reason="missing_knowledge"))
        messages.append(Message(id=number, ticket_id=number, episode_id=number, body=text))
    with desk.database.transaction() as session:
        for rows in (tickets, episodes, messages):
            table: Table = type(rows[0]).__table__  # type: ignore[attr-defined]
            session.execute(insert(table), [row.model_dump() for row in rows])


def timed(name: str, began: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:42} {time.perf_counter() - began:8.1f} s   peak {peak:5.0f} MB", flush=True)


def tickets(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        desk = open_desk(load_settings(home=Path(folder)))
        try:
            texts = questions(count + 100)
            fill(desk, texts[:count], 1)
            for name, more in ((f"{count:,} tickets, first look", []), ("a second look", []), ("after 100 more", texts[count:])):
                if more:
                    fill(desk, more, count + 1)
                began = time.perf_counter()
                grouping.refresh(desk)
                timed(name, began)
            with desk.database.read() as session:
                print(f"{session.exec(select(func.count()).select_from(Gap)).one():,} gaps")
        finally:
            use(None)
            desk.close()


def passages(count: int) -> None:
    dice = np.random.default_rng(1)
    middles = dice.normal(size=(count // 8, 384))
    vectors = (middles[np.arange(count) % len(middles)] + dice.normal(scale=0.7, size=(count, 384))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = questions(count)
    pieces = [Piece(f"a{n // 4}", 1, text, "", f"{text} It takes {n % 90} days. " * 6) for n, text in enumerate(texts)]
    for name, only in ((f"{count:,} passages, all", None), ("ten articles against all", {f"a{n}" for n in range(10)})):
        began = time.perf_counter()
        conflicts(pieces, vectors, only=only)
        timed(name, began)


def labelled(file: Path) -> None:
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    groups = stars(embedder().encode([str(row["text"]) for row in rows]))
    home = {row: number for number, group in enumerate(groups) for row in group}
    labels = [str(row["label"]) for row in rows]
    shared = Counter((home[n], label) for n, label in enumerate(labels))
    sizes, named = Counter(home.values()), Counter(labels)
    precision = float(np.mean([shared[home[n], label] / sizes[home[n]] for n, label in enumerate(labels)]))
    recall = float(np.mean([shared[home[n], label] / named[label] for n, label in enumerate(labels)]))
    f1 = 2 * precision * recall / (precision + recall)
    print(
        f"{file.stem:42} {len(rows):6,} texts, {len(groups):5,} groups, precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--passages", type=int, default=10_000)
    parser.add_argument("--labelled", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    for labels_file in given.labelled:
        labelled(labels_file)
    if given.passages:
        passages(given.passages)
    if given.tickets:
        tickets(given.tickets)
