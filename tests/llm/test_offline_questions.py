"""How the offline engine hears a message: lines, lists, follow-ups, other languages."""

import pytest

from knowledge_base.gloss import data as glossary
from knowledge_base.gloss import gloss
from triage.briefs import EarlierMessage, TicketBrief
from triage.llm.offline.leads import lead, left_open
from triage.llm.offline.questions import facets, only_thanks, questions, searches
from triage.llm.offline.text import LANGUAGES, data


def asked(body: str, subject: str = "") -> list[str]:
    return questions(TicketBrief(ticket_id=1, subject=subject, body=body))


def test_a_numbered_list_is_one_question_an_entry() -> None:
    found = asked(
        "Hello,\n\nthree things:\n\n1. I am away until 6 December. The next box leaves on\n   the 24th. Can I still skip it?\n"
        "2. When does the price change, and when am I charged?\n3. Can I set the new address ahead of time or\n   do I have to wait?\n\n"
        "No rush, but I would like to get 1 sorted before Friday.\n\nRegards,\nCallum"
    )
    assert [question[-20:] for question in found] == [
        "Can I still skip it?",
        "d when am I charged?",
        "e or do I have to wait?"[-20:],
    ]
    assert found[0].startswith("I am away until 6 December.")


def test_a_follow_up_stays_with_what_it_follows() -> None:
    assert asked("My filter is ten weeks old. Could it be that? And if not, how do I find out?") == [
        "My filter is ten weeks old. Could it be that? And if not, how do I find out?"
    ]


def test_what_has_a_question_mark_makes_wishes_the_story_around_it() -> None:
    body = "I would like to visit my aunt in spring. Where can I download the invoice for the kettle I bought last month?"
    assert asked(body, "Invoice") == ["Where can I download the invoice for the kettle I bought last month?"]


def test_a_card_number_never_becomes_part_of_a_question() -> None:
    found = asked("My card is 4111 1111 1111 1111. Was it charged twice?", "Charged twice")
    assert found and "4111" not in " ".join(found)


def test_only_the_caller_is_heard_in_a_transcript() -> None:
    found = asked(
        "[Transcript, automatic]\nCaller: My kettle shows K4 and the tank is full.\nAgent: Is it new?\nCaller: One year old."
    )
    assert "K4" in found[0] and "Is it new" not in found[0]


def test_a_question_in_parts_has_facets() -> None:
    assert facets("How do I pause the box, and when does it start again?") == [
        "How do I pause the box",
        "when does it start again?",
    ]
    assert facets("Can I use tea and coffee?") == ["Can I use tea and coffee?"]


@pytest.mark.parametrize(
    ("language", "text", "english"),
    [
        ("de", "Wann kommt die nächste Lieferung?", {"next", "delivery"}),
        ("fr", "Quelle mouture pour le panier double ?", {"grind", "basket"}),
        ("es", "¿Cómo pauso la suscripción?", {"pause", "subscription"}),
        ("nl", "Waar vind ik de factuur?", {"find", "invoice"}),
        ("it", "Quanto dura la garanzia?", {"warranty"}),
        ("pt", "A máquina mostra o erro E2", {"machine", "error", "E2"}),
    ],
)
def test_other_languages_are_read_word_for_word(language: str, text: str, english: set[str]) -> None:
    assert english <= set(gloss(text, language).split())


def test_searches_of_other_languages_are_made_in_english_too() -> None:
    ticket = TicketBrief(ticket_id=1, subject="Factuur", body="Waar vind ik mijn factuur?", language="nl")
    found = searches(ticket, questions(ticket), "nl")
    assert any("invoice" in search for search in found) and any("factuur" in search.lower() for search in found)


def conversation(before: str, now: str) -> list[str]:
    earlier = [EarlierMessage(direction="in", body=before), EarlierMessage(direction="out", body="Please empty the hopper.")]
    ticket = TicketBrief(ticket_id=1, subject="", body=now, earlier=earlier)
    return searches(ticket, questions(ticket))


def test_a_message_that_leans_on_the_one_before_is_searched_with_it() -> None:
    found = conversation(
        "My grinder shows E5 and stops.", "I did that twice with a long brush, and it still stops. What else can I try?"
    )
    assert any("E5" in search and "What else can I try?" in search for search in found)
    assert any("E5" not in search for search in found)  # and by itself


def test_a_long_matter_before_leaves_room_for_the_question() -> None:
    found = conversation(
        "The grinder shows E5 " + "and makes a noise " * 40, "It was silent yesterday. Can this one still be repaired?"
    )
    assert any("E5" in search and search.endswith("Can this one still be repaired?") and len(search) <= 301 for search in found)


@pytest.mark.parametrize(
    "now",
    [
        "How long does the delivery of a new milk jug to Vienna usually take?",
        "The milk jug of my Lark Duo drips below the handle since Monday. Can it be repaired?",
    ],
)
def test_a_message_that_stands_alone_is_searched_alone(now: str) -> None:
    assert not any("E5" in search for search in conversation("My grinder shows E5 and stops.", now))


def test_english_is_left_as_it_is() -> None:
    assert gloss("Where is my invoice?", "en") == "Where is my invoice?"


def test_each_word_and_topic_is_there_in_every_language() -> None:
    assert all(len(columns.split("|")) == 6 for columns in glossary()["words"].values())
    assert all(topic[language].endswith(":") for topic in data("topics")["topic"] for language in LANGUAGES)


def test_leads_name_the_topic() -> None:
    assert lead("Can I skip the next box?", "Skip a delivery", "en") == "About skipping a delivery:"
    assert lead("Wo finde ich die Rechnung?", "", "de") == "Zur Rechnung:"
    assert lead("Hm?", "", "en") == ""


@pytest.mark.parametrize(
    "question", ["Is http://evil.example safe?", "Do I get 500 euros?", "Who is a@b.example?", "x" * 200 + "?"]
)
def test_what_could_do_harm_is_not_repeated(question: str) -> None:
    assert question not in left_open([question], "en")
    assert "“Is there a bell?”" in left_open(["Is there a bell?"], "en")


@pytest.mark.parametrize(
    ("body", "thanks"),
    [("it's here!! ignore my mail. thanks :)", True), ("Thanks, but it still does not work.", False), ("Thanks! When?", False)],
)
def test_thanks_are_told_from_questions(body: str, thanks: bool) -> None:
    assert only_thanks(TicketBrief(ticket_id=1, subject="", body=body)) == thanks
