"""Matters that always go to a person, in seven languages, and the look-alikes that do not."""

import pytest

from triage.guardrails import escalation
from triage.guardrails.escalation import always_escalate, reason, urgent
from triage.models import EscalationReason

MATTERS = [
    ("My solicitor will be in touch", "legal_threat"),
    ("I will take legal action", "legal_threat"),
    ("Ich werde meinen Anwalt einschalten", "legal_threat"),
    ("je vais saisir le tribunal", "legal_threat"),
    ("tomaré acciones legales", "legal_threat"),
    ("ik schakel mijn advocaat in", "legal_threat"),
    ("mi rivolgerò al mio avvocato", "legal_threat"),
    ("vou contactar o meu advogado", "legal_threat"),
    ("I'll do a chargeback", "chargeback"),
    ("I have asked my bank to dispute the charge", "chargeback"),
    ("Ich lasse den Betrag zurückbuchen", "chargeback"),
    ("je vais contester le paiement auprès de ma banque", "chargeback"),
    ("voy a devolver el cargo", "chargeback"),
    ("ik laat de betaling terugboeken", "chargeback"),
    ("contesterò l'addebito", "chargeback"),
    ("vou contestar a cobrança", "chargeback"),
    ("Please delete all my personal data", "privacy_request"),
    ("Bitte löschen Sie alle meine Daten", "privacy_request"),
    ("supprimez toutes mes données", "privacy_request"),
    ("eliminen mis datos", "privacy_request"),
    ("verwijder mijn gegevens", "privacy_request"),
    ("cancellate i miei dati", "privacy_request"),
    ("apaguem os meus dados", "privacy_request"),
    ("delete my account please", "privacy_request"),
    ("I don't want to live anymore", "self_harm"),
    ("Ich bringe mich um", "self_harm"),
    ("I will burn down your office", "violence"),
    ("Someone logged into my account", "security_incident"),
    ("mein Konto wurde gehackt", "security_incident"),
    ("Smoke came out of the machine", "safety_incident"),
    ("Die Maschine hat Feuer gefangen", "safety_incident"),
    ("la machine sent le brûlé", "safety_incident"),
    ("sale humo de la máquina", "safety_incident"),
    ("er komt rook uit de machine", "safety_incident"),
    ("esce fumo dalla macchina", "safety_incident"),
    ("saiu fumo da máquina", "safety_incident"),
    ("The display shows E6", "safety_incident"),
    ("I am a journalist writing a piece", "press"),
    ("Ich gehe an die Presse", "press"),
    ("I want to speak to a human", "customer_request"),
    ("Ich möchte mit einem Menschen sprechen", "customer_request"),
    ("je veux parler à un humain", "customer_request"),
    ("quiero hablar con una persona", "customer_request"),
    ("ik wil een medewerker spreken", "customer_request"),
    ("voglio parlare con un operatore", "customer_request"),
    ("quero falar com uma pessoa", "customer_request"),
]
HARMLESS = [
    "My brother, a solicitor, wants a Lark Office for his law firm.",
    "Please delete my saved card from the checkout.",
    "What legal entity should I put on the VAT invoice?",
    "Kaffee schmeckt verbrannt",
    "Mijn koffie heeft een rooksmaak",
    "J'ai vu votre machine dans la presse",
    "The milk jug is to die for, I was shocked by how good it is.",
    "Ich möchte die hinterlegte Karte löschen",
    "My account is locked after 10 tries",
    "We can call you tomorrow",
]


@pytest.mark.parametrize(("text", "kind"), MATTERS)
def test_the_matter_is_recognised_where_it_stands(text: str, kind: str) -> None:
    findings = always_escalate(f"Hello,\n\n{text}.")
    assert [finding.kind for finding in findings] == [kind]
    assert 8 <= findings[0].start < findings[0].end <= 8 + len(text) + 1


@pytest.mark.parametrize("text", HARMLESS)
def test_look_alikes_do_not_escalate(text: str) -> None:
    assert always_escalate(text) == []


def test_phrases_of_the_admin_match_whole_words_however_written() -> None:
    phrases = ["Golden Bean", "", "vip"]
    assert [f.kind for f in always_escalate("I am a GOLDEN\n  bèan member", phrases)] == ["extra_phrase"]
    assert always_escalate("vipers and golden beans", phrases) == []


def test_reasons_and_urgency() -> None:
    assert reason([]) is None
    assert reason(always_escalate("I want to speak to a human")) is EscalationReason.CUSTOMER_REQUEST
    assert reason(always_escalate("I will take legal action")) is EscalationReason.POLICY_RESTRICTION
    assert urgent(always_escalate("Smoke came out of the machine"))
    assert not urgent(always_escalate("I will take legal action"))


def test_a_failing_guard_escalates(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(escalation, "normalise", broken)
    findings = always_escalate("Hello")
    assert [finding.kind for finding in findings] == ["guard_failure"]
    assert reason(findings) is EscalationReason.GUARDRAIL_BLOCK
