"""What the offline engine quotes: the right article or none, paragraphs and lists, safety first."""

from typing import Any

from triage.briefs import Evidence, Facts, Plan, PlanBrief, Reply, ReviewerBrief, TicketBrief, WriterBrief
from triage.llm.offline.analyse import answers
from triage.llm.offline.plan import plan
from triage.llm.offline.review import review
from triage.llm.offline.text import phrases
from triage.llm.offline.write import write

RETURN = Evidence(
    id="return#0",
    article="return",
    version=1,
    title="Return an order",
    heading="What the label costs",
    category="returns",
    text="The return label is free in the Netherlands. From other countries it costs €7.50.",
)
CLEAN = Evidence(
    id="clean#0",
    article="clean",
    version=1,
    title="Clean the grinder",
    heading="Clean the burrs",
    category="cleaning",
    text="Brush the burrs of your grinder every 4 weeks.\n\n1. Pull the plug.\n2. Lift off the hopper.\n3. Brush both burrs.",
)
CODES = Evidence(
    id="codes#0",
    article="codes",
    version=1,
    title="K1 and K4",
    heading="K1: tank",
    category="fault",
    text="K1 means that the tank is empty.\n\n1. Fill the tank.\n2. Push it in.",
)
HOT_DE = Evidence(
    id="heiss#0",
    article="heiss",
    version=1,
    title="Überhitzung",
    heading="Sofort tun",
    language="de",
    category="fault",
    text="Schalten Sie das Gerät aus und ziehen Sie den Stecker. Das Gehäuse ist grau.",
)


def planned(ticket: TicketBrief, **more: Any) -> Plan:
    return plan(PlanBrief(ticket=ticket, categories=[])).model_copy(update=more)


def quoted(body: str, passages: list[Evidence], subject: str = "", **more: Any) -> list[str]:
    ticket = TicketBrief(ticket_id=1, subject=subject, body=body)
    return [unit.text for found in answers(ticket, planned(ticket, **more), passages) for unit in found.units]


def written(ticket: TicketBrief, passages: list[Evidence], kind: str = "holding", **more: Any) -> tuple[Plan, Reply]:
    made = planned(ticket, **more)
    brief = {"ticket": ticket, "plan": made, "facts": Facts(facts=[], unanswered=[], requested_actions=[]), "passages": passages}
    return made, write(WriterBrief.model_validate({**brief, "kind": kind, "company": "C"}))


def test_sending_a_grinder_back_is_no_cleaning() -> None:
    found = quoted(
        "I want to send the grinder back, it is too loud. Who pays for the return label?", [CLEAN, RETURN], category="returns"
    )
    assert found == ["The return label is free in the Netherlands.", "From other countries it costs €7.50."]


def test_an_unrelated_question_quotes_nothing() -> None:
    assert quoted("Do you offer a discount for students?", [CLEAN, RETURN, CODES]) == []


def test_who_asks_how_gets_the_steps_and_who_asks_how_often_does_not() -> None:
    assert "Lift off the hopper." in quoted("How do I clean the burrs of the grinder?", [CLEAN])
    assert quoted("How often should I brush the burrs of my grinder?", [CLEAN]) == [
        "Brush the burrs of your grinder every 4 weeks."
    ]


def test_several_answers_are_led_in_by_their_topic_and_end_with_regards() -> None:
    ticket = TicketBrief(ticket_id=1, subject="", body="Who pays for the return label? How do I clean the burrs of the grinder?")
    _, reply = written(ticket, [CLEAN, RETURN], "reply")
    assert "About the return: The return label is free" in reply.body and "About cleaning:" in reply.body
    assert "first question" not in reply.body and reply.body.endswith("\n\nKind regards,")


def test_safety_steps_come_first_in_the_customers_language() -> None:
    ticket = TicketBrief(ticket_id=1, subject="Rauch!", body="Aus dem Gerät kommt Rauch, es ist überhitzt.", language="de")
    _, reply = written(ticket, [HOT_DE], action="escalate")
    assert "Schalten Sie das Gerät aus und ziehen Sie den Stecker." in reply.paragraphs[1].sentences[1].text
    assert "grau" not in reply.body
    _, without = written(ticket, [], action="escalate")
    assert phrases("de")["safety_steps"] in without.body


def test_somebody_in_distress_reaches_a_person_with_the_emergency_number_kept() -> None:
    ticket = TicketBrief(
        ticket_id=1, subject="Stop the boxes", body="Please stop the subscription. I don't see much\npoint in going on most days."
    )
    made, reply = written(ticket, [])
    assert (made.action, made.priority) == ("escalate", "urgent") and "112" in reply.body
    brief = ReviewerBrief(
        ticket=ticket,
        plan=made,
        facts=Facts(facts=[], unanswered=[], requested_actions=[]),
        reply=reply,
        passages=[],
        kind="holding",
        unsupported=[phrases("en")["care"]],
    )
    assert review(brief).verdict == "approve"


def test_questions_about_somebody_elses_data_are_for_people() -> None:
    made = planned(
        TicketBrief(ticket_id=1, subject="", body="Can you tell me which street it went to? I need his new address, please.")
    )
    assert made.action == "escalate" and "Data-protection" in made.summary


def test_privacy_law_and_money_have_their_own_words() -> None:
    for body, phrase in (("Please delete my account.", "holding_privacy"), ("I want my money back.", "holding_money")):
        _, reply = written(TicketBrief(ticket_id=1, subject="", body=body), [])
        assert phrases("en")[phrase] in reply.body


def test_capitals_alone_are_no_anger() -> None:
    assert (
        planned(
            TicketBrief(ticket_id=1, subject="", body="SORRY FOR THE CAPITALS. MY KEYBOARD IS BROKEN. WHERE IS MY PARCEL?")
        ).sentiment
        == "neutral"
    )
    assert (
        planned(TicketBrief(ticket_id=1, subject="", body="WHERE IS MY PARCEL?! I HAVE WAITED FOR THREE WEEKS NOW!!")).sentiment
        == "negative"
    )


def test_what_holds_only_under_a_condition_is_said_with_it() -> None:
    late = Evidence(
        id="late#1",
        article="late",
        version=1,
        title="My parcel is late or lost",
        heading="If there was no scan for 10 days",
        category="orders",
        text="Reply with your order number. We then open a search with the carrier.",
    )
    assert quoted("What happens if my parcel is lost?", [late], category="orders")[0] == (
        "If there was no scan for 10 days: Reply with your order number."
    )
