"""The search benchmark, on a made-up set."""

import json
from pathlib import Path

import pytest

from benchmarks import fit, search
from benchmarks.contestants import BM25, plain_words
from benchmarks.corpora import read
from benchmarks.measures import quality
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
    search.main(["--data", str(data), "--keep", str(tmp_path / "kept"), "--json"])
    report = json.loads(capsys.readouterr().out)["coffee"]
    assert report["ours"]["ndcg"] == 1 and report["ours"]["p50"] > 0 and report["index_mib"] > 0
    assert {"BM25, stems", "dense alone", "RRF of the two", "  without centring", "misspelt: ours"} <= report.keys()
    fit.main(["--data", str(data), "--keep", str(tmp_path / "kept")])
    assert "all together" in capsys.readouterr().out


def test_without_data_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRIAGE_DATA", raising=False)
    search.main([])
    assert "Skipped: no evaluation data. Set TRIAGE_DATA" in capsys.readouterr().out
    with pytest.raises(InputError, match="no such folder"):
        search.main(["--data", "/nowhere/at/all"])
