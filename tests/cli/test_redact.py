"""`triage redact`: a line for every line, places that fit, and which lines are no input."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")


def test_every_line_is_redacted_with_the_places_of_what_was_found(run: Run, tmp_path: Path) -> None:
    asked = [
        {"id": "a", "text": "😀 mail ann@post.example, ann@post.example or +49 30 901820"},
        {"id": 2, "text": {"subject": "I am John Miller", "body": "Where is order KT-10441?"}},
        {"id": "c", "text": ""},
        {"id": "d", "text": {"subject": None, "body": "nothing"}},
    ]
    path, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in asked))
    assert run("redact", "--input", path, "--out", out).code == 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a", 2, "c", "d"]
    assert lines[0]["redacted"] == "😀 mail [EMAIL_1], [EMAIL_1] or [PHONE_1]"
    assert [lines[0]["spans"][0][key] for key in ("start", "end", "type", "text")] == [7, 23, "EMAIL_ADDRESS", "ann@post.example"]
    assert lines[1]["redacted"] == "I am [PERSON_1]\n\nWhere is order KT-10441?"
    assert [lines[n]["spans"] for n in (2, 3)] == [[], []]


@pytest.mark.parametrize(("line", "said"), [
    ("not json", "not JSON"), ("[1]", "not a JSON object"), ('{"id": "x"}', "text is missing"), ('{"id": "x", "text": {"subject": 3}}', "text is missing"),
])  # fmt: skip
def test_a_broken_line_says_what_is_wrong_and_the_rest_goes_on(run: Run, tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(line + '\n{"id": "good", "text": "ann@post.example"}\n')
    ended = run("redact", "--input", path)
    broken, good = (json.loads(answer) for answer in ended.out.splitlines())
    assert ended.code == 0 and said in broken["error"] and broken["spans"] == [] and good["redacted"] == "[EMAIL_1]"


def test_a_missing_file_is_bad_input(run: Run, tmp_path: Path) -> None:
    ended = run("redact", "--input", tmp_path / "nowhere.jsonl")
    assert ended.code == 2 and "cannot be read" in ended.err
