"""`triage answerable`: a line for every line, and which lines cannot be judged."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")

PASSAGE = "Descale the kettle every three months, or as soon as the code K4 appears."


def test_every_question_gets_a_decision(run: Run, tmp_path: Path) -> None:
    asked = [
        {"id": "a", "question": "How often should I descale the kettle?", "passages": [PASSAGE]},
        {"id": "b", "question": "Who won the match in Madrid on Saturday?", "passages": [PASSAGE]},
        {"id": 3, "question": "Who won the match in Madrid on Saturday?", "passages": []},
        {"id": "d", "question": "And how often?", "passages": [{"text": PASSAGE}],
         "history": [{"role": "user", "text": "Should I descale my kettle?"}, {"role": "agent", "text": "Yes, you should descale it."}]},
        {"id": "e", "question": "And how often?", "passages": [PASSAGE], "history": ["Should I descale my kettle?", "Yes, you should descale it."]},
    ]  # fmt: skip
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in asked))
    assert run("answerable", "--input", path, "--out", out).code == 0
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [answer["id"] for answer in answers] == ["a", "b", 3, "d", "e"]
    assert [answer["decision"] for answer in answers] == ["answer", "abstain", "abstain", "answer", "answer"]
    assert answers[3]["confidence"] == answers[4]["confidence"]
    assert all(set(answer) == {"id", "decision", "confidence"} and 0.5 <= answer["confidence"] <= 1 for answer in answers)


@pytest.mark.parametrize(("line", "said"), [
    ("not json", "not JSON"),
    ('{"id": "x", "passages": []}', "question is missing"),
    ('{"id": "x", "question": "Why?"}', "passages is missing"),
    ('{"id": "x", "question": "Why?", "passages": [7]}', "passages holds something that is not text"),
    ('{"id": "x", "question": "Why?", "passages": [], "history": "before"}', "history is not a list"),
])  # fmt: skip
def test_a_broken_line_says_what_is_wrong_and_the_rest_goes_on(run: Run, tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(line + '\n{"id": "good", "question": "How often should I descale the kettle?", "passages": []}\n')
    ended = run("answerable", "--input", path)
    broken, good = (json.loads(answer) for answer in ended.out.splitlines())
    assert ended.code == 0 and said in broken["error"] and broken["decision"] == "abstain" and good["id"] == "good"


def test_a_missing_file_is_bad_input(run: Run, tmp_path: Path) -> None:
    ended = run("answerable", "--input", tmp_path / "nowhere.jsonl")
    assert ended.code == 2 and "cannot be read" in ended.err
