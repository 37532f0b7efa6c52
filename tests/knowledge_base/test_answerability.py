"""Whether passages answer: near ones do, far ones do not, and what nobody named is asked back."""

from dataclasses import replace

import numpy as np
import pytest

from knowledge_base.answerability import CLEAR, NEAR, UNCLEAR, Features, Judge, Turn, Weights, logistic, sentences
from knowledge_base.embedding import Embedder
from triage.errors import SettingsError

PAUSE = "Pause your subscription\nYou can pause the beans for up to 3 months. Open Account and choose Pause."
HEAT = "Error E6\nE6 means that the machine is too hot. Switch it off, unplug it and do not use it."
KETTLES = [
    "Lark One\nThe Lark One is a kettle of 2019. It holds 1.2 litres and weighs 900 grams.",
    "Lark Duo\nThe Lark Duo is a kettle of 2021. It holds 1.7 litres and weighs 1100 grams.",
    "Wren\nThe Wren is a kettle of 2023. It holds 0.8 litres and weighs 700 grams.",
]


@pytest.fixture(scope="module")
def judge(real_embedder: Embedder) -> Judge:
    return Judge(real_embedder)


def test_what_a_passage_says_is_answered_and_what_none_says_is_not(judge: Judge) -> None:
    assert judge.judge("How do I pause my subscription?", [PAUSE, HEAT]).decision == "answer"
    for passages in ([PAUSE, HEAT], []):
        found = judge.judge("Who won the football match in Madrid on Saturday?", passages)
        assert found.decision == "abstain" and found.confidence > 0.8 and found.answered < 0.2


def test_a_thing_that_nobody_named_is_asked_for_and_one_that_was_named_is_not(judge: Judge) -> None:
    question = "How much does this kettle hold?"
    open_question = judge.judge(question, KETTLES)
    assert open_question.decision == "clarify" and open_question.unclear >= UNCLEAR
    told = [Turn("I have bought a kettle of yours, the Lark Duo.")]
    assert judge.judge(question, [KETTLES[1]], told).unclear < open_question.unclear
    assert judge.judge("How much does the Lark Duo hold?", [KETTLES[1]]).decision == "answer"


def test_a_follow_up_is_read_with_what_was_said_before(judge: Judge) -> None:
    before = [Turn("How do I pause my subscription?"), Turn("You can pause it under Account.", ours=True)]
    alone, together = (judge.judge("And for how long?", [PAUSE], history) for history in ([], before))
    assert together.answered > alone.answered and together.decision == "answer"


def test_passages_about_another_code_do_not_answer_for_this_one(judge: Judge) -> None:
    assert judge.judge("What does the error E6 mean?", [HEAT]).decision == "answer"
    assert judge.judge("What does the error E9 mean?", [HEAT]).decision != "answer"
    assert not judge.features("Where is my order LF-10440?", [PAUSE]).code_missing


@pytest.mark.parametrize("question", ["", "   ", "?", "a" * 20_000, "\x00", "Как приостановить подписку?", "🙂🙂🙂"])
def test_odd_questions_get_a_judgement(judge: Judge, question: str) -> None:
    found = judge.judge(question, [PAUSE, "", " "], [Turn("")])
    assert 0 <= found.confidence <= 1 and found.decision in ("answer", "clarify", "abstain")


def test_the_decision_follows_from_features_and_weights(real_embedder: Embedder) -> None:
    judge = Judge(real_embedder)
    nothing = np.zeros(len(CLEAR))
    near = Features(nothing, np.array([0.9, 0.9]))
    assert judge.decide(near).decision == "answer"
    assert judge.decide(replace(near, code_missing=True)).decision == "abstain"
    vague = judge.decide(Features(nothing + np.array([1, 1, 1, 1, 4, 0.5]), np.array([0.5, 0.5])))
    assert vague.decision == "clarify" and vague.confidence == pytest.approx(1 - vague.answered, abs=1e-3)


def test_weights_never_reward_what_speaks_against(real_embedder: Embedder) -> None:
    weights = Weights.read()
    assert (weights.clear[:-1] >= 0).all() and (weights.near[:-1] > 0).all() and (weights.both[:-1] > 0).all()
    assert len(weights.clear) == len(CLEAR) + 1 and len(weights.near) == len(NEAR) + 1 and 0 < weights.without < 0.1
    assert logistic(np.array([0.0]), np.array([1.0, 0.0])) == 0.5
    with pytest.raises(SettingsError, match="fit its weights"):
        Judge(real_embedder, replace(weights, embedder="another@1"))


def test_sentences_are_lines_and_sentences() -> None:
    assert sentences("One. Two!\n- three\n\nFour? Five") == ["One.", "Two!", "- three", "Four?", "Five"]
