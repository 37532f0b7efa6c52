import numpy as np

from knowledge_base.lexical import words
from knowledge_base.postings import Postings, Vocabulary


def postings(*texts: str, language: str = "en") -> Postings:
    vocabulary = Vocabulary()
    return Postings(vocabulary, [vocabulary.read("", "", text, language) for text in texts], [language] * len(texts))


def test_identifiers_are_compared_exactly_and_words_by_stem() -> None:
    assert {word.key for word in words("Cleaning errors E6, LF-10293 and 4.3.0")} >= {"clean", "error", "e6", "lf10293", "4.3.0"}
    assert [word.identifier for word in words("E6 broken 2026")] == [True, False, False]


def test_compounds_match_however_they_are_written() -> None:
    found = postings("Connect to Wi-Fi.", "Descale it.").match("wifi lost")
    assert found.scores[0] > 0 == found.scores[1]


def test_other_languages_have_their_own_stems() -> None:
    found = postings("Die Maschinen werden entkalkt.", "Ein Paket ist unterwegs.", language="de").match("Maschine entkalken")
    assert found.scores[0] > 0 == found.scores[1]


def test_coverage_is_the_share_of_the_question() -> None:
    found = postings("grinder jam", "grinder").match("grinder jam")
    assert 0 < found.coverage[1] < found.coverage[0] <= 1


def test_a_title_counts_for_more_than_the_text() -> None:
    vocabulary = Vocabulary()
    filler = "many other words that stand in the text of every passage " * 6
    passages = [vocabulary.read("Refund", "", filler, "en"), vocabulary.read("Other", "", f"{filler} refund", "en")]
    scores = Postings(vocabulary, passages, ["en"]).match("refund").scores
    assert scores[0] > scores[1]


def test_an_empty_base_and_an_empty_question() -> None:
    assert Postings(Vocabulary(), [], []).match("anything").scores.size == 0
    assert not np.any(postings("some words").match("").scores)
