"""What a classifier learns, what it says of itself, and what it leaves alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.classifier import Classifier, calibration_error
from knowledge_base.embedding import Embedder
from knowledge_base.ngrams import WIDTH, Ngrams, hashes

_WORDS = {
    "shipping": ["parcel", "courier", "delivery", "tracking", "shipment", "doorstep"],
    "billing": ["invoice", "card", "charged", "payment", "receipt", "VAT"],
    "faults": ["leaks", "grinder", "broken", "pump", "noise", "pressure"],
}
_FRAMES = ["My {} is late or wrong", "I have a question about the {}", "What about the {} please?", "the {} again, help", "Something with {} today"]  # fmt: skip
OUTSIDE = ["Who won the football match in Rome?", "Tell me a joke about penguins", "What is the capital of Mongolia?", "sing me a lullaby"]  # fmt: skip


def examples() -> list[tuple[str, str]]:
    return [(frame.format(word), label) for label, words in _WORDS.items() for word in words for frame in _FRAMES]


@pytest.fixture(scope="module")
def learnt(real_embedder: Embedder) -> Classifier:
    texts, labels = zip(*examples(), strict=True)
    return Classifier.fit(list(texts), list(labels), real_embedder.encode(list(texts)))


def test_it_sorts_new_texts_and_leaves_what_fits_nowhere(learnt: Classifier, real_embedder: Embedder) -> None:
    asked = [
        "The courier left my package in the rain",
        "You took the money twice from my credit card",
        "Water drips out of the pump",
    ]
    found = learnt.classify(asked, real_embedder.encode(asked))
    assert [guess.label for guess in found] == ["shipping", "billing", "faults"]
    assert not any(guess.abstain for guess in found)
    away = learnt.classify(OUTSIDE, real_embedder.encode(OUTSIDE))
    assert sum(guess.abstain for guess in away) >= 3
    assert max(guess.confidence for guess in away if guess.abstain) < min(guess.confidence for guess in found)


def test_probabilities_are_ordered_and_the_report_is_of_held_out_examples(learnt: Classifier, real_embedder: Embedder) -> None:
    for guess in learnt.classify(asked := ["grinder", "??", "", "my parcel " * 900], real_embedder.encode(asked)):
        chances = [chance for _, chance in guess.ranking]
        assert chances == sorted(chances, reverse=True) and 0 <= sum(chances) <= 1.001
        assert guess.confidence == chances[0] and guess.label == guess.ranking[0][0]
    report = learnt.fitted.report
    assert report.checked == len(examples()) and report.right > 0.9 and 0 <= report.gap < 0.1
    assert {name: counted for name, (counted, _, _) in report.classes.items()} == dict.fromkeys(_WORDS, 30)
    assert sum(good for _, _, good in report.classes.values()) == round(report.right * report.checked)


def test_a_fit_is_put_together_again_from_what_it_found(learnt: Classifier, real_embedder: Embedder) -> None:
    texts = [text for text, _ in examples()]
    again = Classifier(texts, real_embedder.encode(texts), learnt.fitted)
    asked = ["a leaking machine", *OUTSIDE]
    vectors = real_embedder.encode(asked)
    assert again.classify(asked, vectors) == learnt.classify(asked, vectors)


def test_examples_of_nowhere_are_learnt_as_such(real_embedder: Embedder) -> None:
    away = [
        f"Tell me about {what}" for what in ("penguins", "Mongolia", "football", "opera", "the moon", "chess", "Caesar", "tides")
    ]
    rows = [*examples(), *((text, "oos") for text in away)]
    texts, labels = zip(*rows, strict=True)
    classifier = Classifier.fit(list(texts), list(labels), real_embedder.encode(list(texts)))
    asked = ["Tell me about the sun", "My invoice is wrong"]
    one, other = classifier.classify(asked, real_embedder.encode(asked))
    assert one.abstain and one.label == "oos"
    assert not other.abstain and other.label == "billing"


@pytest.mark.parametrize("rows", [[("only one", "a")], [("one", "a"), ("two", "b")], [("x", "oos")], [("same", "a")] * 3])
def test_a_handful_of_examples_is_enough_to_say_something(rows: list[tuple[str, str]], real_embedder: Embedder) -> None:
    texts = [text for text, _ in rows]
    classifier = Classifier.fit(texts, [label for _, label in rows], real_embedder.encode(texts))
    (guess,) = classifier.classify([texts[0]], real_embedder.encode(texts[:1]))
    assert guess.label == rows[0][1] and 0 <= guess.confidence <= 1


def test_nothing_cannot_be_learnt_from() -> None:
    with pytest.raises(ValueError, match="needs 1 to"):
        Classifier.fit([], [], np.zeros((0, 384), np.float32))


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_the_pieces_of_any_text_make_a_vector(text: str) -> None:
    found = hashes(text)
    ngrams = Ngrams([found, hashes("other words")])
    places, weights = ngrams.places(found)
    assert len(places) == len(weights) == len(found) and np.isfinite(weights).all()
    assert ((places >= 0) & (places < WIDTH)).all()
    assert not len(found) or float(weights @ weights) == pytest.approx(1.0, abs=1e-4)


def test_the_calibration_error_is_the_distance_between_sure_and_right() -> None:
    sure = np.array([0.95] * 10 + [0.55] * 10, np.float32)
    right = np.array([True] * 9 + [False] + [True] * 2 + [False] * 8)
    assert calibration_error(sure, right) == pytest.approx((0.05 + 0.35) / 2, abs=1e-6)
