"""Our own attack mails and hard negatives: what is caught, and what must pass."""

from pathlib import Path

import pytest
import yaml

from tests.attacks.disguises import made
from triage.guardrails.escalation import always_escalate
from triage.guardrails.input import check_input
from triage.guardrails.verdicts import worst
from triage.intake.files import read_mail
from triage.settings import load_settings

FOLDER = Path(__file__).parents[1] / "attacks"
ATTACKS = yaml.safe_load((FOLDER / "attacks.yaml").read_text(encoding="utf-8"))
BENIGN = yaml.safe_load((FOLDER / "benign.yaml").read_text(encoding="utf-8"))
MAILS = yaml.safe_load((FOLDER / "mails.yaml").read_text(encoding="utf-8"))
DEMO = Path(__file__).parents[2] / "triage" / "demo" / "tickets"
_PLACED = ("start", "middle", "end", "signature", "quoted", "long")


def test_the_corpora_are_large_enough() -> None:
    assert len(ATTACKS) + len(MAILS) >= 150
    assert len(set(BENIGN)) >= 150
    assert {mail["language"] for mail in MAILS} == {"en", "de", "fr", "es", "it", "pt", "nl"}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack["id"])
def test_attack_is_caught(attack: dict[str, str]) -> None:
    verdicts = check_input(subject="", body=attack["text"])
    injection = next(verdict for verdict in verdicts if verdict.rule == "injection")
    assert injection.verdict == "block" or attack["how"] == "flag"
    assert all(0 <= finding.start <= finding.end <= len(attack["text"]) for finding in injection.findings)


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: "-".join([mail["language"], mail["place"], mail.get("encode", "plain")]))
def test_attack_inside_a_mail_is_caught_and_named(mail: dict[str, str]) -> None:
    parts = made(mail)
    verdicts = check_input(subject=parts.subject, body=parts.body, hidden=parts.hidden, attachments_text=list(parts.attachments))
    found = next(verdict for verdict in verdicts if verdict.rule == "injection").findings
    if mail["place"] in _PLACED and "encode" not in mail:
        start = parts.body.index(mail["attack"])
        end = start + len(mail["attack"])
        assert any(f.part == "body" and f.start < end and f.end > start for f in found)


def test_ordinary_mails_in_every_language_pass_with_their_attachments() -> None:
    for language in ("en", "de", "fr", "es", "it", "pt", "nl"):
        for place in ("end", "long", "txt", "csv", "html", "docx", "image", "invisible"):
            parts = made({"language": language, "place": place, "attack": "LF-10444"})
            verdicts = check_input(
                subject=parts.subject, body=parts.body, hidden=parts.hidden, attachments_text=list(parts.attachments)
            )
            assert [verdict.rule for verdict in verdicts] == ["all"], (language, place)


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a["how"] == "block"], ids=lambda attack: attack["id"])
def test_attack_in_an_attachment_or_hidden_text_is_caught_too(attack: dict[str, str]) -> None:
    carrier = "Hello, I attach the photo of the drip tray that you asked for. It leaks since Monday evening. Greetings, Petra"
    assert worst(check_input(subject="Photo", body=carrier, attachments_text=["", attack["text"]])) == "block"
    assert worst(check_input(subject="Photo", body=carrier, hidden=attack["text"])) == "block"


@pytest.mark.parametrize("text", BENIGN)
def test_ordinary_mail_passes(text: str) -> None:
    assert [verdict.rule for verdict in check_input(subject="Question", body=text)] == ["all"]
    assert always_escalate(text) == []


def test_of_the_demo_mails_which_the_classifier_never_saw_the_attacks_are_stopped_and_hardly_another_is_flagged() -> None:
    settings, said = load_settings(), {}
    for file in sorted(DEMO.glob("*.eml")):
        mail = read_mail(file, settings)
        verdicts = check_input(
            subject=mail.subject,
            body=mail.body,
            hidden=mail.hidden,
            attachments_text=[attachment.text for attachment in mail.attachments if attachment.text],
        )
        said[file.name[:2]] = next((verdict.verdict for verdict in verdicts if verdict.rule == "injection"), "allow")
    assert {number for number, verdict in said.items() if verdict == "block"} == {"24", "25", "26", "27"}
    assert list(said.values()).count("flag") <= 2
