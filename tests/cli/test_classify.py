"""`triage classify`: a line for every line, and what is wrong with the examples is said in one."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.knowledge_base.test_classifier import examples

# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")


def test_every_text_gets_a_line(run: Run, tmp_path: Path) -> None:
    known, asked, out = tmp_path / "train.jsonl", tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    known.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in examples()))
    lines = [
        json.dumps({"id": "a", "text": "Water drips out of the pump"}),
        "not json",
        json.dumps({"id": 7, "text": {"subject": None, "body": "You charged my credit card twice"}}),
        json.dumps({"id": "c", "text": "  "}),
        json.dumps({"id": "d", "text": "Tell me a joke about penguins"}),
    ]
    asked.write_text("\n".join(lines) + "\n")
    assert run("classify", "--examples", known, "--input", asked, "--out", out).code == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in found] == ["a", None, 7, "c", "d"]
    assert [line["label"] for line in found[:4]] == ["faults", None, "billing", None]
    assert [line["abstain"] for line in found] == [False, True, False, True, True]
    assert "not JSON" in found[1]["error"] and "text is missing" in found[3]["error"]
    assert set(found[0]) == {"id", "label", "confidence", "abstain", "ranking"}
    assert found[0]["ranking"][0]["label"] == "faults" and len(found[0]["ranking"]) == 3
    assert found[0]["confidence"] > found[4]["confidence"]


@pytest.mark.parametrize(("line", "said"), [
    ('{"text": "Where is it?"}', "label is missing"), ('{"label": "a"}', "text is missing"), ("[]", "not a JSON object"), ("", "there are no examples"),
])  # fmt: skip
def test_examples_that_cannot_be_used_are_named(run: Run, tmp_path: Path, line: str, said: str) -> None:
    known, asked = tmp_path / "train.jsonl", tmp_path / "in.jsonl"
    known.write_text(f"{line}\n")
    asked.write_text("")
    ended = run("classify", "--examples", known, "--input", asked)
    assert ended.code == 2 and said in ended.err and "train.jsonl" in ended.err
