"""The search benchmark, on a made-up set."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import fit, search
from benchmarks.contestants import BM25, plain_words
from benchmarks.corpora import read
from benchmarks.kept import Kept
from benchmarks.measures import quality
from knowledge_base.gloss import GLOSSED
from knowledge_base.steps import Steps
from triage.errors import InputError

TEXTS = {
    "pause": ("Pause your subscription", "You can pause the beans for up to three months under Account."),
    "vat": ("VAT invoices", "An invoice with VAT is under Account, Orders, Invoice."),
    "e6": ("Error E6", "E6 means that the machine is too hot. Switch it off and unplug it."),
    "wifi": ("Connect to Wi-Fi", "The machine uses 2.4 GHz networks only. Hold the steam button."),
}
QUERIES = {
    "q1": ("I'd like a break from my coffee", "pause"),
    "q2": ("tax receipt for my accountant", "vat"),
    "q3": ("what is E6", "e6"),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "sets" / "coffee"
    folder.mkdir(parents=True)
    documents = [{"id": id, "title": title, "text": text} for id, (title, text) in TEXTS.items()]
    queries = [{"id": id, "text": text} for id, (text, _) in QUERIES.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + "".join(f"{id}\t{doc}\t1\n" for id, (_, doc) in QUERIES.items())
    )
    return tmp_path / "sets"


def test_measures_are_what_the_textbooks_say() -> None:
    found = quality([["x", "a"], ["a", "b"]], [{"a": 1.0}, {"a": 1.0, "b": 1.0}])
    assert found.mrr == pytest.approx(0.75) and found.recall5 == 1
    assert found.ndcg == pytest.approx((1 / 1.584962 + 1) / 2, abs=1e-4)


def test_the_baseline_finds_words(data: Path) -> None:
    corpus = read(data / "coffee")
    assert BM25(corpus, plain_words)("error e6")[0] == "e6"
    assert corpus.misspelt(one_in=1).queries != corpus.queries and corpus.without_titles().documents[0][1] == ""


def test_every_way_to_search_is_measured(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    search.main(["--data", str(data), "--cache", str(tmp_path / "kept"), "--json"])
    every = json.loads(capsys.readouterr().out)
    report = every["coffee"]
    assert report["ours"]["ndcg"] == 1 and report["ours"]["p50"] > 0 and report["index_mib"] > 0
    assert {"BM25, stems", "dense alone", "RRF of the two", "misspelt: ours"} <= report.keys()
    assert {f"  without {field.name}" for field in fields(Steps)} <= report.keys()
    languages = every["languages"]
    assert all(languages["ours"][code] > languages["ours, without translation"][code] + 0.3 for code in GLOSSED)
    fit.main(["--data", str(data), "--cache", str(tmp_path / "kept")])
    assert "all together" in capsys.readouterr().out


def test_without_data_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIAGE_DATA", raising=False)
    search.main([])
    assert "Skipped: no evaluation data. Set TRIAGE_DATA" in capsys.readouterr().out
    with pytest.raises(InputError, match="no such folder"):
        search.main(["--data", "/nowhere/at/all"])


class Counting:
    """An encoder that counts the texts that it is given."""

    name, texts = "counting", 0

    def encode(self, texts: list[str]) -> Any:
        self.texts += len(texts)
        rows = np.array([[len(text), text.count("a") + 1] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_a_text_is_embedded_once_and_for_all(tmp_path: Path) -> None:
    encoder = Counting()
    first = Kept(encoder, tmp_path)
    vectors = first.encode(["banana", "tea", "banana"])
    assert vectors.shape == (3, 2) and (vectors[0] == vectors[2]).all() and encoder.texts == 2
    first.close()
    again = Kept(encoder, tmp_path)
    assert (again.encode(["tea", "banana", "more tea"])[:2] == vectors[1::-1]).all() and encoder.texts == 3
    again.close()
    other = Counting()
    other.name = "another"
    newer = Kept(other, tmp_path)
    assert newer.encode(["tea"]).shape == (1, 2) and other.texts == 1  # another embedder's vectors are not taken
    newer.close()
