"""Evaluation sets of the form `corpus.jsonl`, `queries.jsonl`, `qrels.tsv`, and variations on them."""

import contextlib
import json
import random
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.kept import Kept
from knowledge_base.search import Searcher
from triage.errors import InputError
from triage.office import Desk, open_desk
from triage.settings import load_settings

Relevant = dict[str, dict[str, float]]
COPY = "-copy"  # at the end of a copy's id


@dataclass(frozen=True)
class Corpus:
    """Documents (id, title, text), queries (id, text), and for each query the documents that answer it with their grade."""

    name: str
    documents: list[tuple[str, str, str]]
    queries: list[tuple[str, str]]
    relevant: Relevant

    def without_titles(self) -> "Corpus":
        return replace(self, name=f"{self.name}, no titles", documents=[(id, "", text) for id, _, text in self.documents])

    def first_lines(self) -> "Corpus":
        """Only the first line of each query, as somebody types it into a search box."""
        return replace(
            self, name=f"{self.name}, first lines", queries=[(id, text.split("\n", 1)[0]) for id, text in self.queries]
        )

    def misspelt(self, one_in: int = 6) -> "Corpus":
        """Queries with a slip in every sixth word or so: two letters swapped, one left out or doubled."""
        dice = random.Random(7)
        return replace(
            self,
            name=f"{self.name}, misspelt",
            queries=[(id, " ".join(_slip(word, dice, one_in) for word in text.split(" "))) for id, text in self.queries],
        )

    def paired(self) -> "Corpus":
        """Two questions in one mail, each the first line of a query that has an answer; what answers either counts."""
        asked, half = self.judged, len(self.judged) // 2
        queries, relevant = [], {}
        for (one, first), (other, second) in zip(asked[:half], asked[half:], strict=False):
            queries.append((f"{one}+{other}", " ".join(text.split("\n", 1)[0].rstrip(" .?!") + "?" for text in (first, second))))
            relevant[f"{one}+{other}"] = self.relevant[one] | self.relevant[other]
        return replace(self, name=f"{self.name}, two in one", queries=queries, relevant=relevant)

    def copied(self) -> "Corpus":
        """Every document twice, the second time with a word of thanks."""
        copies = [(f"{id}{COPY}", title, f"{text}\nThank you for asking.") for id, title, text in self.documents]
        return replace(self, name=f"{self.name}, copied", documents=[*self.documents, *copies])

    @property
    def judged(self) -> list[tuple[str, str]]:
        """The queries that have a relevant document."""
        return [(id, text) for id, text in self.queries if self.relevant.get(id)]


@dataclass(frozen=True)
class Base:
    """A corpus as a knowledge base: `desk` searches as a desk does, `quick` with vectors that are kept between runs."""

    desk: Desk
    quick: Searcher


def data_folder(given: Path | None) -> Path | None:
    """The folder of evaluation sets: what is given, else that of the settings (TRIAGE_DATA); None when there is none.

    Raises InputError for a folder that does not exist.
    """
    named = load_settings().data
    folder = given or (Path(named) if named else None)
    if folder and not folder.is_dir():
        raise InputError(
            "There is no such folder; --data or TRIAGE_DATA names the one with the evaluation sets.", source=str(folder)
        )
    return folder


def corpora(folder: Path) -> list[Corpus]:
    """Every evaluation set in `folder` or its `retrieval` folder, by name."""
    places = sorted(path.parent for path in [*folder.glob("*/qrels.tsv"), *folder.glob("retrieval/*/qrels.tsv")])
    return [read(place) for place in places]


def read(folder: Path) -> Corpus:
    documents = [(row["id"], row.get("title") or "", row["text"]) for row in _rows(folder / "corpus.jsonl")]
    queries = [(row["id"], row["text"]) for row in _rows(folder / "queries.jsonl")]
    relevant: Relevant = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if float(grade) > 0:
            relevant.setdefault(query, {})[document] = float(grade)
    return Corpus(folder.name, documents, queries, relevant)


@contextlib.contextmanager
def opened(corpus: Corpus, folder: Path, cache: Path) -> Iterator[Base]:
    """The corpus as a knowledge base in `folder`, made there once; vectors come from `cache` where it has them."""
    home = folder / "".join(letter if letter.isalnum() else "-" for letter in corpus.name)
    desk = open_desk(load_settings(home=home, demo=False))
    kept = Kept(desk.embedder, cache)
    quick = Searcher(desk.database, desk.index, kept)
    try:
        if not (home / "filled").exists():
            _fill(desk, corpus, kept)
            (home / "filled").touch()
        quick.refresh()
        yield Base(desk, quick)
    finally:
        quick.close()
        desk.close()
        kept.close()


def _fill(desk: Desk, corpus: Corpus, kept: Kept) -> None:
    from knowledge_base import importing

    with tempfile.TemporaryDirectory(prefix="triage-corpus-") as folder:
        file = Path(folder) / "corpus.jsonl"
        rows = [json.dumps({"id": id, "title": title, "text": text}) for id, title, text in corpus.documents]
        file.write_text("\n".join(rows), "utf-8")
        importing.import_paths(desk.database, [file], author="benchmark", embed=kept)


def _rows(file: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _slip(word: str, dice: random.Random, one_in: int) -> str:
    if len(word) < 5 or not word.isalpha() or dice.randrange(one_in):
        return word
    at = dice.randrange(1, len(word) - 1)
    return dice.choice(
        [word[:at] + word[at + 1] + word[at] + word[at + 2 :], word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:]]
    )
