"""What no person wrote to us, and what only looks like it."""

import pytest

from triage.intake.mail import parse_mail
from triage.intake.spam import content_signals, verdict
from triage.settings import Settings

from .mails import mail, multipart, plain


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Auto-Submitted": "auto-replied"}, "auto_reply"),
        ({"Auto-Submitted": "auto-generated (away)"}, "auto_reply"),
        ({"X-Autoreply": "yes"}, "auto_reply"),
        ({"X-Autorespond": "holiday"}, "auto_reply"),
        ({"Precedence": "auto_reply"}, "auto_reply"),
        ({"Return-Path": "<>"}, "auto_reply"),
        ({"Subject": "Out of office: Re: your order"}, "auto_reply"),
        ({"Subject": "Automatische Antwort: Ihre Bestellung"}, "auto_reply"),
        ({"Subject": "Réponse automatique : commande"}, "auto_reply"),
        ({"From": "MAILER-DAEMON@mx.example"}, "bounce"),
        ({"X-Failed-Recipients": "x@y.example"}, "bounce"),
        ({"From": "support@larkfield.example"}, "loop"),
        ({"X-Loop": "support@larkfield.example"}, "loop"),
        ({"X-Spam-Flag": "YES"}, "spam"),
        ({"List-Unsubscribe": "<mailto:x@y.example>", "Precedence": "bulk"}, "spam"),
    ],
)
def test_automatic_mail_is_quarantined_with_a_reason_in_words(defaults: Settings, headers: dict[str, str], reason: str) -> None:
    got = parse_mail(mail("I am away until Monday.\n", **headers), defaults)
    assert got.quarantine == reason
    assert got.problem.endswith(".")
    assert got.auto is (reason != "spam")


def test_mail_that_goes_in_circles(defaults: Settings) -> None:
    raw = b"".join(b"Received: from a by b; Fri, 20 Nov 2026 09:00:00 +0000\n" for _ in range(45)) + mail()
    assert parse_mail(raw, defaults).quarantine == "loop"


def test_a_bounce_names_the_mail_that_came_back(defaults: Settings) -> None:
    raw = multipart(
        plain("Undeliverable"),
        "Content-Type: message/delivery-status\n\nAction: failed",
        "Content-Type: text/rfc822-headers\n\nMessage-ID: <ours@larkfield.example>",
        kind='report; report-type="delivery-status"',
        From="Mail Delivery <postmaster@mx.example>",
    )
    got = parse_mail(raw, defaults)
    assert (got.quarantine, got.references) == ("bounce", ["<ours@larkfield.example>"])


def test_a_read_receipt_is_no_bounce(defaults: Settings) -> None:
    raw = multipart(
        plain("read"),
        "Content-Type: message/disposition-notification\n\nDisposition: displayed",
        kind="report; report-type=disposition-notification",
    )
    assert parse_mail(raw, defaults).quarantine == "auto_reply"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"X-Autoreply": "no"},
        {"X-Auto-Response-Suppress": "All"},
        {"Precedence": "list", "List-Id": "<support.larkfield.example>"},
        {"List-Unsubscribe": "<mailto:support@larkfield.example>", "Precedence": "list", "List-Id": "support"},
        {"Subject": "Out of office message does not work"},
        {"Subject": "Automatic reply feature broken"},
        {"X-Spam-Flag": "NO"},
        {"From": "postmaster@quill.example"},
        {"X-Spam-Status": "No, score=1"},
    ],
)
def test_people_are_let_through(defaults: Settings, headers: dict[str, str]) -> None:
    got = parse_mail(mail("How do I set this up?\n", **headers), defaults)
    assert (got.quarantine, got.problem) == (None, "")


@pytest.mark.parametrize(
    "text",
    [
        "Hi, we can redesign your website for a small price. Reply for our portfolio.",
        "Our agency gets you to the first page of Google. Interested in a quote?",
        "I can place a guest post with backlinks on high authority sites, let me know if you want the price list.",
        "I am a barrister; my late client left 4.5 million dollars and you are named next of kin.",
        "I recorded you through your webcam. Send 900 in bitcoin to this wallet.",
        "Guaranteed returns with our crypto trading bot, double your deposit.",
        "Cheap viagra and cialis, no prescription",
        "Wir bieten Suchmaschinenoptimierung für Ihre Firma an.",
    ],
)
def test_spam_is_known_by_a_rule_that_says_why(text: str) -> None:
    why = verdict(content_signals("Offer", text))
    assert why is not None and why.startswith("It ")


@pytest.mark.parametrize(
    "text",
    [
        "Your website does not let me pay, can you fix it?",
        "I won a voucher in your prize draw, how do I claim it at checkout? Where do I click?",
        "Is this mail from you? It says my mailbox is full and I should click a link to verify my mailbox.",
        "Can I pay with bitcoin? I saw a video of your machine.",
        "Do you offer a loan machine while mine is repaired?",
        "Congratulations on the new grinder! My order 4411 has not arrived though.",
        "My password expires today and I cannot log in.",
        "We are an agency and our invoice for the machines is wrong, would you like a copy?",
        "I lost my gift card, can I get a new one?",
        "My late husband's subscription must be cancelled, I am the beneficiary of his estate.",
        "The web design of your shop is nice. Where is my parcel?",
    ],
)
def test_customers_are_not_taken_for_spammers(text: str) -> None:
    assert verdict(content_signals("Question", text)) is None
