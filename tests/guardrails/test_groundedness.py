"""Whether a whole text stands in its context."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge_base.embedding import Vectors, embedder
from triage.errors import SettingsError
from triage.guardrails.groundedness import AGREES, CARRIED, FOR, WEIGHTS, Context, Passage, Scorer, Weights, retells, sentences

CALL = Passage(
    "call",
    "Agent: We offer home, car and life insurance. Our home insurance costs $40 a month and is cheaper for safe drivers.\n"
    "Client: Can you send me a brochure?\nAgent: I will send it to you on Monday. There is a discount for bundles too.",
)
SUMMARY = "The agent offers the client home, car and life insurance. The home insurance costs $40 a month, and there is a discount for bundles."


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(embedder())


@pytest.mark.parametrize(
    "changed",
    [
        SUMMARY.replace("$40", "$45"),
        SUMMARY.replace("there is a", "there is no"),
        SUMMARY.replace("offers the client", "only offers the client"),
        SUMMARY.replace("life insurance", "Zurich insurance"),
    ],
)
def test_a_summary_with_one_thing_changed_is_less_grounded(scorer: Scorer, changed: str) -> None:
    right, wrong = scorer.judge(SUMMARY, [CALL]), scorer.judge(changed, [CALL], "Summarise the call.")
    assert right.label == "grounded" and wrong.score < right.score - 0.05
    assert all(sentence.supported and sentence.passage == "call" for sentence in right.sentences)


def test_an_answer_from_elsewhere_is_ungrounded(scorer: Scorer) -> None:
    question = "What does home insurance cost?"
    assert scorer.judge("Home insurance costs $40 a month.", [CALL], question).label == "grounded"
    elsewhere = scorer.judge("Travel policies by Allianz cover skiing accidents in Austria up to 90 days.", [CALL], question)
    assert elsewhere.label == "ungrounded" and not elsewhere.sentences[0].supported


def test_the_same_text_gets_the_same_score(scorer: Scorer) -> None:
    assert scorer.judge(SUMMARY, [CALL]) == Scorer(embedder()).judge(SUMMARY, [CALL])


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=3), st.text(max_size=20))
def test_any_text_gets_a_score(answer: str, context: list[str], question: str) -> None:
    found = Scorer(Plain()).judge(answer, [Passage(None, text) for text in context], question)
    assert 0 <= found.score <= 1 and [one.text for one in found.sentences] == sentences(answer)
    assert all(0 <= one.score <= 1 for one in found.sentences)


def test_no_weight_speaks_against_its_meaning() -> None:
    told = json.loads(WEIGHTS.read_text("utf-8"))
    assert all((told["carried"][name] >= 0) == (name in FOR) or told["carried"][name] == 0 for name in CARRIED)
    assert all(told["agrees"][name] <= 0 for name in AGREES)
    assert all(told[kind][name] >= 0 for kind in ("answer", "retold") for name in ("carried", "agrees"))


def test_weights_belong_to_their_embedder() -> None:
    class Other(Plain):
        name = "other"

    with pytest.raises(SettingsError, match="fit its weights"):
        Scorer(Other())


@pytest.mark.parametrize(
    "question", ["", "Summarise the document.", "Please give me a recap", "Resuma el documento", "Fasse die Mail zusammen"]
)
def test_what_is_a_retelling(question: str) -> None:
    assert retells(question)


def test_a_question_is_none() -> None:
    assert not retells("How long does the battery last?")


def test_the_features_are_those_named() -> None:
    context = Context([CALL], Plain())
    assert len(context.carries(SUMMARY)) == len(CARRIED) and len(context.agrees(SUMMARY)) == len(AGREES)
    assert len(Context([], Plain()).agrees(SUMMARY)) == len(AGREES)


class Plain:
    """Vectors of letters' counts: quick, and the same for the same text."""

    name = Weights.read().embedder

    def encode(self, texts: list[str]) -> Vectors:
        counts = np.array([[text.count(letter) + 0.01 for letter in "abcdefghij"] for text in texts], np.float32).reshape(-1, 10)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)
