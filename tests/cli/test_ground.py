"""`triage ground`: a line for every line, and which lines cannot be judged."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")

KETTLE = (
    "Descale the kettle every three months, or as soon as the code K4 appears. Use 20 g of citric acid and half a litre of water."
)
RETURNS = "A kettle can be returned within 30 days of delivery. Opened filters cannot be returned."


def test_every_answer_gets_a_score(run: Run, tmp_path: Path) -> None:
    context = [{"id": "kettle#0", "text": KETTLE}, {"id": "returns#0", "text": RETURNS}]
    question = "How often should I descale the kettle?"
    asked = [
        {"id": "a", "question": question, "context": context, "answer": "Descale the kettle every three months. Use 20 g of citric acid."},
        {"id": "b", "question": question, "context": context, "answer": "Madrid won the match on Saturday with goals by Torres and Silva."},
        {"id": 3, "context": RETURNS, "answer": "A kettle can be returned within 60 days of delivery."},
        {"id": "d", "context": [KETTLE, RETURNS], "answer": "A kettle can be returned within 30 days of delivery."},
        {"id": "e", "question": question, "context": [], "answer": "Descale the kettle every three months."},
    ]  # fmt: skip
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in asked))
    assert run("ground", "--input", path, "--out", out).code == 0
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [answer["id"] for answer in answers] == ["a", "b", 3, "d", "e"]
    assert [answer["label"] for answer in answers] == ["grounded", "ungrounded", "ungrounded", "grounded", "ungrounded"]
    assert [sentence["passage"] for sentence in answers[0]["sentences"]] == ["kettle#0", "kettle#0"]
    assert not answers[2]["sentences"][0]["supported"] and answers[3]["sentences"][0]["passage"] == "1"
    assert all(set(answer) == {"id", "score", "label", "sentences"} and 0 <= answer["score"] <= 1 for answer in answers)


@pytest.mark.parametrize(("line", "said"), [
    ("not json", "not JSON"),
    ('{"id": "x", "context": "A text."}', "answer is missing"),
    ('{"id": "x", "answer": "Yes."}', "context is missing"),
    ('{"id": "x", "answer": "Yes.", "context": [7]}', "context holds something that is not text"),
    ('{"id": "x", "answer": "Yes.", "context": "A text.", "question": 7}', "question is not text"),
])  # fmt: skip
def test_a_broken_line_says_what_is_wrong_and_the_rest_goes_on(run: Run, tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(line + '\n{"id": "good", "answer": "The code K4 appears.", "context": "The code K4 appears."}\n')
    ended = run("ground", "--input", path)
    broken, good = (json.loads(answer) for answer in ended.out.splitlines())
    assert ended.code == 0 and said in broken["error"] and broken["label"] == "ungrounded"
    assert (good["id"], good["label"]) == ("good", "grounded")
