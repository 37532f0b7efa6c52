"""Questions in a language that the base hardly speaks."""

import pytest

from knowledge_base import articles
from knowledge_base.embedding import Embedder
from knowledge_base.foreign import foreign
from knowledge_base.search import Searcher
from knowledge_base.steps import Steps
from triage.database import Database

ENGLISH = {"en": 90, "de": 3}
HELD = {"online", "radio", "music", "apps", "storage", "space", "analysis", "dropbox", "docs", "google", "machine"}


def holds(word: str, language: str) -> bool:
    return language == "en" and word.lower() in HELD


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie lange dauert die Rückzahlung?", "de"),
        ("Remboursement délai de livraison", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("Waar blijft mijn pakketje?", "nl"),
        ("Dove trovo la fattura?", "it"),
        ("Onde encontro a fatura?", "pt"),
        ("Gdzie jest moja paczka?", "pl"),
        ("Jag har köpt en ny dator och vill flytta alla mappar till den", "sv"),
    ],
)
def test_a_question_in_another_language_is_noticed(text: str, language: str) -> None:
    found = foreign(text, ENGLISH, holds)
    assert found and found.language == language and bool(found.text) == (language not in ("pl", "sv"))


@pytest.mark.parametrize(
    "text",
    [
        "Online radio music apps",
        "Storage space analysis in dropbox.",
        "Is it possible to disable automatic saving of documents on google docs?",
        "I'm fond of ascii art, is there a site where I could convert my favourite images into it?",
        "E6",
        "Lark One",
        "",
    ],
)
def test_english_is_not_taken_for_another_language(text: str) -> None:
    assert foreign(text, ENGLISH, holds) is None


def test_names_and_words_that_both_languages_share_are_kept() -> None:
    found = foreign("Wie lösche ich mein Konto bei Dropbox?", ENGLISH, holds)
    assert found and found.text.endswith("Dropbox?") and "account" in found.text


def test_a_base_that_speaks_the_language_needs_no_reading() -> None:
    question = "Wie lange dauert die Rückzahlung?"
    assert foreign(question, {"en": 80, "de": 20}, holds) is None
    assert foreign(question, {"de": 20}, holds) is None
    assert foreign(question, {}, holds) is None


def test_what_is_told_is_a_plain_sentence() -> None:
    german = foreign("Wie lange dauert die Rückzahlung?", ENGLISH, holds)
    assert german and german.told.startswith("This question is in German; the base is mostly in English: searched also as “")
    model = foreign("Où est ma facture ?", {"en": 9}, holds, "Where is my invoice?")
    assert model and model.told == (
        "This question is in French; the base is in English: searched also as “Where is my invoice?”."
    )
    other = foreign("Où est ma facture ?", {"de": 9}, holds)  # a word-for-word reading is there in English only
    assert other and other.told == (
        "This question is in French; the base is in German: only names, codes and words that both languages share can be found."
    )


@pytest.mark.parametrize(
    ("question", "article"),
    [("Où puis-je télécharger ma facture ?", "vat"), ("¿Puedo suspender mi suscripción?", "pause"), ("Was bedeutet E5?", "e5")],
)
def test_the_english_article_is_found_and_why_is_said(searcher: Searcher, question: str, article: str) -> None:
    [answer] = searcher.ask([question], audience="public")
    assert answer.hits[0].article == article
    if answer.foreign:  # one passage in seven is German: that base speaks German
        assert "question read in English" in answer.hits[0].why and answer.foreign.text in answer.rewritten
    searcher.steps = Steps.without("translation")
    [plain] = searcher.ask([question], audience="public")
    assert plain.foreign is None and "question read" not in plain.hits[0].why


def test_a_models_reading_takes_the_place_of_ours(searcher: Searcher) -> None:
    question = "J'aimerais faire une petite coupure avec les grains"
    [ours] = searcher.ask([question])
    [models] = searcher.ask([question], readings={question: "I'd like to pause the beans for a while"})
    assert models.foreign and models.foreign.text == "I'd like to pause the beans for a while" == models.rewritten[0]
    assert models.hits[0].article == "pause" and models.hits[0].meaning > ours.hits[0].meaning
    slang = "gimme a break from them beans"
    [english] = searcher.ask([slang], readings={slang: "pause my subscription"})
    assert english.foreign is None and english.hits[0].article == "pause" and english.rewritten[0] == "pause my subscription"


def test_a_passage_in_the_questions_language_stays_first(
    searcher: Searcher, desk_database: Database, real_embedder: Embedder
) -> None:
    """A handful of German articles in an English base are not lost behind the English reading."""
    with desk_database.transaction() as session:
        for number in range(12):
            articles.save_version(
                session, f"n{number}", title=f"News {number}", body=f"Descaling news number {number}.", author="user:1"
            )
            articles.publish(session, f"n{number}", author="user:1", embed=real_embedder)
    searcher.refresh()
    [answer] = searcher.ask(["Wie kann ich die Maschine entkalken?"])
    assert answer.foreign and answer.foreign.some and answer.hits[0].article == "entkalken"
