import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_base.lexicon import Lexicon, groups_of
from knowledge_base.rewriting import Rewritten, spelled, standalone, synonyms

TEXTS = ["Pause your subscription.", "The subscription can be paused.", "Descale the grinder of the machine.", "The machine has a grinder."]  # fmt: skip


@pytest.fixture
def lexicon() -> Lexicon:
    lexicon = Lexicon()
    lexicon.read([*TEXTS, "Mail is fetched by the Post Office Protocol (POP). It was sold in Berlin (BRL)."])
    return lexicon


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pause my subscripton", "pause my subscription"),
        ("the grindre is stuck", "the grinder is stuck"),
        ("Subscritpion", "Subscription"),
        ("two subscriptions", "two subscriptions"),
        ("ask Mr Grindor", "ask Mr Grindor"),
        ("E6 and LF-10293", "E6 and LF-10293"),
        ("tea", "tea"),
        ("", ""),
    ],
)
def test_words_that_the_base_does_not_know_are_corrected_to_those_it_does(lexicon: Lexicon, typed: str, meant: str) -> None:
    assert spelled(typed, lexicon, {"subscriptions"}.__contains__) == meant


@given(st.text(max_size=60))
def test_any_text_keeps_what_is_not_a_word(text: str) -> None:
    lexicon = Lexicon()
    lexicon.read(TEXTS)
    assert len(spelled(text, lexicon, lambda word: False).split()) == len(text.split())


def test_abbreviations_are_learned_where_they_are_explained(lexicon: Lexicon) -> None:
    assert lexicon.abbreviations == {"POP": "Post Office Protocol"}


def test_what_things_are_called_besides_is_added() -> None:
    groups = groups_of([["VAT", "value added tax", "sales tax"]], {"POP": "Post Office Protocol"})
    assert synonyms("an invoice with Value Added Tax", groups) == ("VAT", "sales tax")
    assert synonyms("set up pop", groups) == ("Post Office Protocol",)
    assert synonyms("private matters", groups) == () and synonyms("vat and sales tax", groups) == ("value added tax",)
    assert Rewritten("set up POP", ("Post Office Protocol",)).whole == "set up POP (Post Office Protocol)"


def test_a_question_that_leans_on_what_was_said_takes_it_along() -> None:
    earlier = ["Hello", "My machine shows E5."]
    assert standalone("What does it mean?", earlier) == "My machine shows E5.\nWhat does it mean?"
    whole = "How long does delivery of a new grinder to Vienna usually take?"
    assert standalone(whole, earlier) == whole and standalone("And then?", ["", " "]) == "And then?"
