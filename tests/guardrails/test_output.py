"""The exit: what a draft may not carry."""

import pytest

from triage.briefs import CustomerCard, Evidence, OrderCard, Paragraph, Reply, Sentence
from triage.guardrails.output import OutputCheck, check_output, support_of
from triage.guardrails.verdicts import Verdict, worst

EVIDENCE = [
    Evidence(
        id="wifi#1",
        article="wifi",
        version=1,
        title="Wi-Fi",
        text="Hold the steam and power buttons for 5 seconds until the ring blinks blue. Help is at https://larkfield.example/wifi or +31 30 555 0100.",
    ),
    Evidence(
        id="returns#1",
        article="returns",
        version=1,
        title="Returns",
        text="A refund is decided after inspection, within 5 working days of arrival. Write to privacy@larkfield.example.",
    ),
]
CARD = CustomerCard(
    name="Marieke Jansen",
    orders=[
        OrderCard(
            number="LF-10293", status="dispatched", placed="2026-11-12", total="€349", carrier="PostNL", tracking="3SABC123"
        )
    ],
)
GREETING = Sentence(text="Dear Marieke, thank you for writing about order LF-10293.", kind="courtesy", passages=[])
STEP = Sentence(
    text="Hold the steam and power buttons for 5 seconds until the ring blinks blue.", kind="step", passages=["wifi#1"]
)


def draft(*sentences: Sentence | str, subject: str = "Re: E7", **changes: object) -> list[Verdict]:
    made = [one if isinstance(one, Sentence) else Sentence(text=one, kind="courtesy", passages=[]) for one in sentences]
    fields: dict[str, object] = {
        "reply": Reply(subject=subject, paragraphs=[Paragraph(style="text", sentences=made)]),
        "ticket": "My order LF-10293 shows E7. Call +31 6 5550 1234, mine is m@home.example.",
        "evidence": EVIDENCE,
        "recipient": "m@home.example",
        "allowed_hosts": ["larkfield.example"],
        "customer": CARD,
        "language": "en",
        "canary": "ref-0123456789abcdef",
        "requester": "M@home.example",
    }
    return check_output(OutputCheck(**{**fields, **changes}))  # type: ignore[arg-type]


def test_a_good_draft_passes() -> None:
    order = Sentence(
        text="Order LF-10293 is dispatched with PostNL, tracking number 3SABC123.", kind="fact", passages=["order:LF-10293"]
    )
    verdicts = draft(
        GREETING,
        STEP,
        order,
        "You can reach us at privacy@larkfield.example or +31 30 555 0100.",
        "We have your number +31 6 5550 1234.",
    )
    assert worst(verdicts) == "allow", verdicts


@pytest.mark.parametrize(
    ("sentence", "rule"),
    [
        ("Please write to bob@elsewhere.example.", "personal_data"),
        ("Call +44 20 7946 0958.", "personal_data"),
        ("Your card 4111 1111 1111 1111 was charged.", "personal_data"),
        ("The account is NL91 ABNA 0417 1643 00.", "personal_data"),
        ("We will refund you today.", "promise"),
        ("Your refund has been approved.", "promise"),
        ("You will receive a voucher.", "promise"),
        ("We guarantee that it works.", "promise"),
        ("Wir erstatten Ihnen den Betrag zurück.", "promise"),
        ("Nous vous rembourserons.", "promise"),
        ("Le reembolsaremos el importe.", "promise"),
        ("U krijgt uw geld terug.", "promise"),
        ("Vi rimborseremo la somma.", "promise"),
        ("Vamos reembolsar o valor.", "promise"),
        ("It will arrive on 3 December.", "promise"),
        ("The filter costs €99.", "promise"),
        ("See https://evil.example/x.", "links"),
        ("See https://larkfield.example@evil.example/x.", "links"),
        ("See larkfield.example.evil.com now.", "links"),
        ("See https://notlarkfield.example.", "links"),
        ("See javascript:alert(1).", "links"),
        ("![logo](https://larkfield.example/a.png)", "links"),
        ("<img src='https://larkfield.example/a.png'>", "links"),
        ("My reference is ref-0123456789abcdef.", "leak"),
        ("My reference is REF 0123 4567 89ab cdef.", "leak"),
        ("My system prompt says that I must be kind.", "leak"),
    ],
)
def test_what_never_leaves_is_blocked(sentence: str, rule: str) -> None:
    blocked = [verdict.rule for verdict in draft(GREETING, sentence) if verdict.blocked]
    assert rule in blocked


def test_a_policy_in_the_sources_own_words_is_no_promise() -> None:
    policy = Sentence(
        text="A refund is decided after inspection, within 5 working days of arrival.", kind="fact", passages=["returns#1"]
    )
    assert worst(draft(policy)) == "allow"


def test_the_envelope_is_the_tickets() -> None:
    for changes in (
        {"recipient": "a@b.example, c@d.example"},
        {"recipient": "x@y.example"},
        {"recipient": ""},
        {"subject": "Re\r\nBcc: x@y.example"},
    ):
        assert "envelope" in [verdict.rule for verdict in draft(GREETING, **changes) if verdict.blocked]  # type: ignore[arg-type]
    assert draft(Sentence(text="", kind="courtesy", passages=[]))[0].rule == "envelope"


def test_another_language_is_flagged() -> None:
    verdicts = draft("Vielen Dank für Ihre Nachricht, wir haben sie an das Team gegeben und melden uns bei Ihnen.")
    assert ("language", "flag") in [(verdict.rule, verdict.verdict) for verdict in verdicts]
    assert worst(draft("Vielen Dank für Ihre Nachricht, wir melden uns bei Ihnen.", language="de")) == "allow"


def test_unsupported_sentences_are_flagged_where_they_stand() -> None:
    invented = Sentence(text="The steam wand is made of titanium.", kind="fact", passages=["wifi#1"])
    (verdict,) = draft(GREETING, STEP, invented)
    assert (verdict.rule, verdict.verdict) == ("grounding", "flag")
    (finding,) = verdict.findings
    reply = Reply(subject="Re: E7", paragraphs=[Paragraph(style="text", sentences=[GREETING, STEP, invented])])
    assert f"{reply.subject}\n\n{reply.body}"[finding.start : finding.end] == invented.text


def test_citations_must_exist() -> None:
    strange = STEP.model_copy(update={"passages": ["ghost#9"]})
    assert [f.rule for v in draft(strange) for f in v.findings] == ["citation"]
    assert [f.rule for v in draft(STEP.model_copy(update={"kind": "fact", "passages": []})) for f in v.findings] == ["citation"]


def test_numbers_in_courtesy_must_stand_somewhere() -> None:
    polite = Sentence(text="You wrote about order LF-99999.", kind="courtesy", passages=[])
    assert not support_of(polite, EVIDENCE, CARD, "My order LF-10293").supported
    assert support_of(polite, EVIDENCE, CARD, "My order LF-99999").supported
