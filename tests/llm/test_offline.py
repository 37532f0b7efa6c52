"""The offline engine: triage in seven languages, honest replies from passages, a deterministic review."""

from typing import Any

import pytest

from triage.briefs import (
    AnalystBrief,
    CategoryCard,
    CustomerCard,
    Evidence,
    Facts,
    Neighbour,
    OrderCard,
    Plan,
    PlanBrief,
    Reply,
    Review,
    ReviewerBrief,
    TicketBrief,
    WriterBrief,
)
from triage.errors import ModelRefused
from triage.llm.offline import OfflineModel
from triage.llm.offline.analyse import analyse
from triage.llm.offline.plan import plan
from triage.llm.offline.review import review
from triage.llm.offline.text import LANGUAGES, phrases, sentences, stem
from triage.llm.offline.write import write
from triage.llm.protocol import Request

CATEGORIES = [
    CategoryCard(slug="orders_shipping", title="Orders and shipping"),
    CategoryCard(slug="billing_payments", title="Billing and payments"),
    CategoryCard(slug="app_connectivity", title="App and connection"),
    CategoryCard(slug="subscription", title="Subscription"),
]
PAIRING = Evidence(
    id="pair#0",
    article="pair",
    version=3,
    title="Pair your machine with the app",
    score=0.75,
    text="You pair the machine with the app over Bluetooth in about 2 minutes.\n\n## Pair\n\n1. Hold the steam and power buttons for 5 seconds "
    "until the ring blinks blue.\n2. Open the app and choose **Add machine**.\n3. Enter the Wi-Fi password.",
)
PAUSE = Evidence(
    id="pause#0",
    article="pause",
    version=1,
    title="Pause your subscription",
    score=0.7,
    text="You can pause your subscription for up to 3 months. It starts again by itself on the date you choose.",
)
ENTKALKEN = Evidence(
    id="entkalken#0",
    article="entkalken",
    version=1,
    title="Die Maschine entkalken (E11)",
    language="de",
    score=0.6,
    text="Entkalken Sie Ihre Maschine alle 3 Monate; das Programm dauert etwa 25 Minuten.\n\n1. Leeren Sie die Abtropfschale.\n"
    "2. Lösen Sie 1 Dosis Entkalker in 1 Liter Wasser auf.\n3. Starten Sie das Programm in der App.",
)
OVERHEATED = Evidence(
    id="hot#0",
    article="hot",
    version=1,
    title="E6: the machine overheated",
    score=0.8,
    text="Switch the machine off and unplug it at once. Stop using it. The casing stays warm for an hour.",
)
ANNA = CustomerCard(
    name="Anna Koch",
    orders=[
        OrderCard(
            number="LF-10293", status="delivered", placed="2026-11-10", delivered="2026-11-17", carrier="DHL", tracking="JD014600"
        ),
        OrderCard(number="LF-10501", status="shipped", placed="2026-11-18", carrier="PostNL", tracking="3SLKF99"),
    ],
)


def ticket(body: str, subject: str = "", **more: Any) -> TicketBrief:
    return TicketBrief(ticket_id=1, subject=subject, body=body, **more)


def planned(
    body: str, subject: str = "", *, signals: list[str] | None = None, neighbours: list[Neighbour] | None = None, **more: Any
) -> Plan:
    return plan(
        PlanBrief(ticket=ticket(body, subject, **more), categories=CATEGORIES, neighbours=neighbours or [], signals=signals or [])
    )


def run(
    body: str,
    passages: list[Evidence],
    *,
    customer: CustomerCard | None = None,
    kind: str = "reply",
    notes: list[str] | None = None,
    signals: list[str] | None = None,
    **more: Any,
) -> tuple[Plan, Facts, Reply, Review]:
    made = planned(body, signals=signals, **more)
    message = ticket(body, **more)
    facts = analyse(AnalystBrief(ticket=message, plan=made, passages=passages, customer=customer))
    reply = write(
        WriterBrief.model_validate(
            {
                "ticket": message,
                "plan": made,
                "facts": facts,
                "passages": passages,
                "customer": customer,
                "kind": kind,
                "company": "C",
                "notes": notes or [],
            }
        )
    )
    return (
        made,
        facts,
        reply,
        review(
            ReviewerBrief.model_validate(
                {"ticket": message, "plan": made, "facts": facts, "reply": reply, "passages": passages, "kind": kind}
            )
        ),
    )


# ---- the plan ---------------------------------------------------------------------------------------------


def test_neighbours_weigh_by_likeness_and_decide_the_confidence() -> None:
    near = [
        Neighbour(text="t", category="subscription", similarity=0.8),
        Neighbour(text="t", category="billing_payments", similarity=0.3),
    ]
    clear = planned("How about this one?", neighbours=near)
    assert clear.category == "subscription" and clear.confidence > 0.6
    torn = planned("How about this one?", neighbours=[near[0], near[0].model_copy(update={"category": "billing_payments"})])
    assert torn.confidence < clear.confidence


@pytest.mark.parametrize(
    ("language", "body", "category"),
    [
        ("en", "Where is my parcel? It has not been delivered.", "orders_shipping"),
        ("de", "Wo bleibt mein Paket? Die Lieferung fehlt.", "orders_shipping"),
        ("fr", "Où est mon colis ? La livraison est en retard.", "orders_shipping"),
        ("es", "¿Dónde está mi paquete? No ha llegado el envío.", "orders_shipping"),
        ("nl", "Waar is mijn pakket? De bezorging duurt lang.", "orders_shipping"),
        ("it", "Dov'è il mio pacco? La consegna è in ritardo.", "orders_shipping"),
        ("pt", "Onde está a minha encomenda? O rastreio não muda.", "orders_shipping"),
        ("de", "Ich möchte mein Abo pausieren, wie geht das?", "subscription"),
    ],
)
def test_rules_find_category_and_language_without_neighbours(language: str, body: str, category: str) -> None:
    made = planned(body)
    assert (made.language, made.category, made.action) == (language, category, "answer")


@pytest.mark.parametrize(
    ("body", "action", "target", "amount"),
    [
        ("I want my money back, 349 € now. Order LF-10293.", "issue_refund", "LF-10293", "349 €"),
        ("Ich will mein Geld zurück, und zwar €49,90.", "issue_refund", "", "€49,90"),
        ("Remboursez-moi immédiatement ma commande LF-10001.", "issue_refund", "LF-10001", ""),
        ("Exijo el reembolso de 20 euros.", "issue_refund", "", "20 euros"),
        ("Ik wil mijn geld terug.", "issue_refund", "", ""),
        ("Voglio il rimborso.", "issue_refund", "", ""),
        ("Quero o reembolso.", "issue_refund", "", ""),
        ("I demand compensation of £50.", "grant_compensation", "", "£50"),
        ("Please delete my account.", "delete_account", "account", ""),
        ("Bitte löschen Sie mein Konto.", "delete_account", "account", ""),
        ("Supprimez mon compte.", "delete_account", "account", ""),
    ],
)
def test_demands_become_requested_actions_and_escalate(body: str, action: str, target: str, amount: str) -> None:
    made = planned(body)
    assert [(wish.action, wish.target, wish.amount) for wish in made.requested_actions] == [(action, target, amount)]
    assert (made.action, made.escalation_reason, made.risk) == ("escalate", "policy_restriction", "high")


@pytest.mark.parametrize(
    "body",
    [
        "How do I get a refund?",
        "When will I receive my refund?",
        "Wie bekomme ich eine Erstattung?",
        "Can I delete my saved card?",
    ],
)
def test_asking_how_is_no_demand(body: str) -> None:
    assert planned(body).requested_actions == []


def test_a_mail_becomes_its_questions() -> None:
    made = planned(
        "Hello team,\n\nmy Duo shows E7 since Monday. How do I fix it? And can I pause my subscription for two months?\n\nThanks,\nAnna"
    )
    assert made.questions == ["My Duo shows E7 since Monday. How do I fix it?", "And can I pause my subscription for two months?"]
    assert made.searches


def test_vague_is_asked_thanks_is_thanked_signals_escalate() -> None:
    assert planned("It doesn't work. Help!").action == "clarify" and planned("It doesn't work. Help!").missing
    thanks = planned("Thanks, it works again now!")
    assert (thanks.action, thanks.questions, thanks.priority, thanks.sentiment) == ("answer", [], "low", "positive")
    harm = planned("I can't go on.", signals=["self_harm"])
    assert (harm.action, harm.priority, harm.risk) == ("escalate", "urgent", "high")
    person = planned("Let me talk to a real person.", signals=["customer_request"])
    assert person.escalation_reason == "customer_request"
    assert planned("Smoke comes out of the machine!").priority == "urgent"
    assert planned("Lukas Brandt ordered a filter, where is the parcel?").priority == "normal"


# ---- facts and replies ------------------------------------------------------------------------------------


def test_a_reply_answers_each_question_from_its_article() -> None:
    _, facts, reply, verdict = run(
        "Hi, how do I pair the machine with the app? Can I pause my subscription?", [PAIRING, PAUSE], requester_name="anna KOCH"
    )
    assert facts.unanswered == []
    assert reply.body.startswith("Hello Anna,") or reply.body.startswith("Hello anna,")
    assert "1. Hold the steam and power buttons for 5 seconds until the ring blinks blue." in reply.body
    assert "You can pause your subscription for up to 3 months." in reply.body and "**" not in reply.body
    sources = {PAIRING.id: PAIRING.text.replace("**", ""), PAUSE.id: PAUSE.text}
    for sentence in reply.sentences:
        assert (sentence.kind in ("fact", "step")) == bool(sentence.passages)
        assert all(sentence.text in sources[source] for source in sentence.passages)
    assert verdict.verdict == "approve" and verdict.confidence > 0.5


def test_what_nothing_supports_is_left_open() -> None:
    _, facts, reply, verdict = run("How do I pair the machine with the app? Do you plan a shop in Oslo?", [PAIRING])
    assert facts.unanswered == ["Do you plan a shop in Oslo?"]
    assert "a colleague will look into it" in reply.body and verdict.verdict == "approve"
    _, nothing, holding, _ = run("Do you plan a shop in Oslo?", [PAIRING])
    assert nothing.facts == [] and not [sentence for sentence in holding.sentences if sentence.kind == "fact"]


def test_a_customer_is_answered_in_their_language_or_not_at_all() -> None:
    _, facts, reply, verdict = run(
        "Guten Tag, wie entkalke ich die Maschine und wie lange dauert das Programm?",
        [ENTKALKEN, PAIRING],
        requester_name="Jens Müller",
    )
    assert reply.body.startswith("Guten Tag Jens Müller,") and "1. Leeren Sie die Abtropfschale." in reply.body
    assert "25 Minuten" in reply.body and verdict.verdict == "approve"
    assert {fact.source for fact in facts.facts} == {"entkalken#0"}
    made, facts, holding, _ = run("Comment associer la machine à l'application ?", [PAIRING])
    assert facts.unanswered == made.questions and not any(sentence.passages for sentence in holding.sentences)
    assert "une personne de l'équipe" in holding.body


def test_internal_passages_are_never_quoted() -> None:
    secret = PAIRING.model_copy(update={"audience": "internal"})
    _, facts, reply, _ = run("How do I pair the machine with the app?", [secret])
    assert facts.facts == [] and "steam" not in reply.body


def test_orders_are_told_to_their_verified_owner_only() -> None:
    made, facts, reply, verdict = run("Where is my parcel LF-10501?", [], customer=ANNA, verified=True)
    assert "Your order LF-10501 has left our warehouse" in reply.body and "3SLKF99" in reply.body and "LF-10293" not in reply.body
    assert facts.unanswered == [] and verdict.verdict == "approve"
    _, _, delivered, _ = run("Wo ist meine Bestellung LF-10293?", [], customer=ANNA, verified=True)
    assert "zugestellt am 17. November 2026" in delivered.body
    _, _, unknown, _ = run("Where is my parcel LF-99999?", [], customer=ANNA, verified=True)
    assert "could not find order LF-99999" in unknown.body
    assert made.category == "orders_shipping"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_can_ask_and_hold_and_promises_nothing(language: str) -> None:
    assert phrases(language).keys() == phrases("en").keys()
    made = planned("Help!").model_copy(update={"language": language})
    for kind in ("clarify", "holding"):
        brief = WriterBrief.model_validate(
            {
                "ticket": ticket("Help!"),
                "plan": made,
                "facts": Facts(facts=[], unanswered=[], requested_actions=[]),
                "passages": [],
                "kind": kind,
                "company": "C",
            }
        )
        reply = write(brief)
        assert any(sentence.kind == "question" for sentence in reply.sentences) == (kind == "clarify")
        verdict = review(
            ReviewerBrief.model_validate(
                {"ticket": brief.ticket, "plan": made, "facts": brief.facts, "reply": reply, "passages": [], "kind": kind}
            )
        )
        assert verdict.verdict == "approve", verdict.notes


def test_safety_comes_first_in_a_holding_reply() -> None:
    _, _, reply, _ = run("Smoke comes out and it shows E6!", [OVERHEATED], kind="holding", signals=["safety_incident"])
    assert reply.paragraphs[1].sentences[1].text == "Switch the machine off and unplug it at once."
    assert "casing stays warm" not in reply.body
    _, _, care, _ = run("I want to end it all.", [], kind="holding", signals=["self_harm"])
    assert "112" in care.body.split("\n\n")[1]


@pytest.mark.parametrize("name", ["http://evil.example", "Bob <b>", "x" * 60, "You won 500 EUR", "a@b.example", ""])
def test_a_name_that_is_none_is_left_out(name: str) -> None:
    assert run("How do I pair the machine with the app?", [PAIRING], requester_name=name)[2].body.startswith("Hello,\n")


# ---- notes and review -------------------------------------------------------------------------------------


def test_notes_that_are_understood_are_followed() -> None:
    body = "Can I pause my subscription?"
    assert (
        "It starts again by itself"
        not in run(body, [PAUSE], notes=["Remove the sentence “It starts again by itself on the date you choose.”: no source."])[
            2
        ].body
    )
    assert run(body, [PAUSE], notes=["more formal please"], requester_name="Anna Koch")[2].body.startswith("Dear Anna Koch,")
    added = run(body, [PAUSE], notes=['Add the sentence "Our office is closed on Friday."'])[2]
    assert [sentence.passages for sentence in added.sentences if sentence.text == "Our office is closed on Friday."] == [[]]
    plain, removed = run(body, [PAUSE])[2], run(body, [PAUSE], notes=["remove sentence 2"])[2]
    assert [s.text for s in removed.sentences] == [s.text for n, s in enumerate(plain.sentences, 1) if n != 2]
    assert run(body, [PAUSE], notes=["mention the outage"])[2] == plain


def test_the_review_finds_what_is_unsupported_promised_or_missing() -> None:
    made, facts, reply, _ = run("How do I pair the machine with the app?", [PAIRING])

    def with_sentence(text: str, kind: str, passages: list[str]) -> Review:
        more = {"style": "text", "sentences": [{"text": text, "kind": kind, "passages": passages}]}
        changed = Reply.model_validate({"subject": "s", "paragraphs": [*reply.model_dump()["paragraphs"], more]})
        return review(ReviewerBrief(ticket=ticket("x"), plan=made, facts=facts, reply=changed, passages=[PAIRING]))

    for text, kind, passages, topic in (
        ("The battery lasts 48 hours.", "fact", ["pair#0"], "grounding"),
        ("Hold the buttons for 9 seconds.", "step", ["pair#0"], "grounding"),
        ("You pair the machine with the app.", "fact", ["other#1"], "grounding"),
        ("We will refund you tomorrow.", "courtesy", [], "policy"),
        ("As I already said, it is easy.", "courtesy", [], "tone"),
    ):
        found = with_sentence(text, kind, passages)
        assert found.verdict == "revise" and topic in {note.topic for note in found.notes}, text
    empty = reply.model_copy(update={"paragraphs": reply.paragraphs[:1]})
    missing = review(ReviewerBrief(ticket=ticket("x"), plan=made, facts=facts, reply=empty, passages=[PAIRING]))
    assert missing.unanswered == made.questions


def test_a_revision_after_a_review_is_approved() -> None:
    made, facts, reply, _ = run("How do I pair the machine with the app?", [PAIRING])
    brief = ReviewerBrief(
        ticket=ticket("x"), plan=made, facts=facts, reply=reply, passages=[PAIRING], unsupported=[reply.sentences[-2].text]
    )
    first = review(brief)
    assert first.verdict == "revise"
    again = write(
        WriterBrief(
            ticket=ticket("How do I pair the machine with the app?"),
            plan=made,
            facts=facts,
            passages=[PAIRING],
            company="C",
            notes=[note.text for note in first.notes],
        )
    )
    assert reply.sentences[-2].text not in again.body
    assert review(brief.model_copy(update={"reply": again, "unsupported": []})).verdict == "approve"


async def test_the_model_answers_by_output_type_and_says_what_it_cannot() -> None:
    brief = PlanBrief(ticket=ticket("Where is my parcel?"), categories=CATEGORIES)
    response = await OfflineModel().answer(Request("manager", [], Plan, brief))
    assert Plan.model_validate_json(response.text).category == "orders_shipping" and response.usage.cost_usd == 0
    with pytest.raises(ModelRefused, match="offline engine"):
        await OfflineModel().answer(Request("manager", [], TicketBrief, brief))


def test_sentences_keep_abbreviations_and_stems_meet() -> None:
    assert sentences("Use approx. 2 litres, e.g. Tap water. Then wait.\nDone") == [
        "Use approx. 2 litres, e.g. Tap water.",
        "Then wait.",
        "Done",
    ]
    assert stem("descale") == stem("descaling") and stem("cancel") == stem("cancelled") and stem("lf10293") == "lf10293"
