"""Our own attack mails and hard negatives: what is caught, and what must pass."""

from pathlib import Path

import pytest
import yaml

from triage.guardrails.escalation import always_escalate
from triage.guardrails.input import check_input
from triage.guardrails.verdicts import worst

FOLDER = Path(__file__).parents[1] / "attacks"
ATTACKS = yaml.safe_load((FOLDER / "attacks.yaml").read_text(encoding="utf-8"))
BENIGN = yaml.safe_load((FOLDER / "benign.yaml").read_text(encoding="utf-8"))


def test_the_corpora_are_large_enough() -> None:
    assert len(ATTACKS) >= 40
    assert len(BENIGN) >= 60


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["id"])
def test_attack_is_caught(attack: dict[str, str]) -> None:
    verdicts = check_input(subject="", body=attack["text"])
    injection = next(verdict for verdict in verdicts if verdict.rule == "injection")
    assert injection.verdict == "block" or attack["how"] == "flag"
    assert all(0 <= finding.start <= finding.end <= len(attack["text"]) for finding in injection.findings)


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a["how"] == "block"], ids=lambda attack: attack["id"])
def test_attack_in_an_attachment_or_hidden_text_is_caught_too(attack: dict[str, str]) -> None:
    carrier = "Hello, I attach the photo of the drip tray that you asked for. It leaks since Monday evening. Greetings, Petra"
    assert worst(check_input(subject="Photo", body=carrier, attachments_text=["", attack["text"]])) == "block"
    assert worst(check_input(subject="Photo", body=carrier, hidden=attack["text"])) == "block"


@pytest.mark.parametrize("text", BENIGN)
def test_ordinary_mail_passes(text: str) -> None:
    assert [verdict.rule for verdict in check_input(subject="Question", body=text)] == ["all"]
    assert always_escalate(text) == []
